# SPDX-License-Identifier: ISC
# Completion of ordersnap(8) for bash: the words come from the command itself.

_ordersnap()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local program=${COMP_WORDS[0]} command='' name value values list='' i
	local -a words=()

	# --name=value is three words to bash.
	if [[ $cur == '=' ]]; then
		cur=''
	elif [[ $prev == '=' ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--conf | --db | --table)
			i=$((i + 1))
			[[ ${COMP_WORDS[i]} != '=' ]] || i=$((i + 1))
			;;
		-*) ;;
		*) command=${COMP_WORDS[i]} && break ;;
		esac
	done

	COMPREPLY=()
	while IFS=$'\t' read -r name value _ values; do
		if [[ $name != "$prev" || $value == - ]]; then
			words+=("$name")
		elif [[ $value == FILE ]]; then
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
		else
			# Of a list the last word alone is looked for.
			[[ $value != *... || $cur != *,* ]] || list=${cur%,*},
			[[ -z $values ]] ||
				mapfile -t COMPREPLY < <(compgen -P "$list" -W "$values" -- "${cur#"$list"}")
			return
		fi
	done < <("$program" __complete ${command:+"$command"} 2>/dev/null)
	mapfile -t COMPREPLY < <(compgen -W "${words[*]}" -- "$cur")
}

complete -o default -F _ordersnap ordersnap
