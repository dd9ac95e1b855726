/* SPDX-License-Identifier: ISC */
/*
 * Orders as data.
 */
#include "cli/listing.h"

#include "base/output.h"
#include "cli/listing_csv.h"

int listing_read(const struct command_line *line, struct listing *l)
{
	bool json = command_value(line, "json") != NULL, csv = command_value(line, "csv") != NULL;

	*l = (struct listing){.lines = command_value(line, "lines") != NULL,
			      .bom = command_value(line, "bom") != NULL};
	if (json && csv)
		return command_usage(line->command, "--json and --csv exclude each other");
	if ((l->lines || l->bom) && !csv)
		return command_usage(line->command, "--%s goes with --csv", l->lines ? "lines" : "bom");
	l->format = json ? LISTING_JSON : csv ? LISTING_CSV : LISTING_PEOPLE;
	return COMMAND_OK;
}

void listing_begin(struct listing *l)
{
	csv_init(&l->csv, stdout);
	if (l->format != LISTING_CSV)
		return;
	if (l->bom)
		csv_mark(&l->csv);
	listing_csv_titles(&l->csv, l->lines);
}

void listing_order(struct listing *l, struct json_object *order)
{
	if (l->format == LISTING_JSON) {
		fputs(l->begun ? ",\n" : "[\n", stdout);
		output_json(stdout, json_text(order));
	} else if (l->format == LISTING_CSV && l->lines) {
		listing_csv_lines(&l->csv, order);
	} else if (l->format == LISTING_CSV) {
		listing_csv_order(&l->csv, order);
	}
	l->begun = true;
}

void listing_end(struct listing *l, bool whole)
{
	if (l->format == LISTING_JSON && whole)
		fputs(l->begun ? "\n]\n" : "[]\n", stdout);
	csv_free(&l->csv);
}
