/* SPDX-License-Identifier: ISC */
/*
 * Reading an INI file.  The one idea: the indentation of the last key decides
 * whether a line is a new one or goes on with its value.
 */
#include "aws/ini.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#define FILE_MAX_BYTES (1u << 20)
#define BOM "\xEF\xBB\xBF"
#define DEFAULTS "DEFAULT" /* the section that all others inherit from */

struct parser {
	const char *path;
	int line;
	struct json_object *sections;
	struct json_object *section; /* the current one, NULL in front of the first */
	char *key;                   /* the current one, NULL in front of the first */
	size_t indent;               /* of it, in bytes */
};

static int wrong(const struct parser *p, const char *what, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "%s, line %d: %s", p->path, p->line, what);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct span strip(struct span s)
{
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	while (s.n && is_blank(*s.p)) {
		s.p++;
		s.n--;
	}
	return s;
}

/* Up to the last ] of the line, as Python 3.11 has it. */
static int begin_section(struct parser *p, struct span line, struct err *e)
{
	const char *end = line.p + line.n;
	struct json_object *known;
	char *name;

	while (end[-1] != ']')
		end--;
	name = span_dup((struct span){line.p + 1, (size_t)(end - line.p) - 2});
	free(p->key);
	p->key = NULL;
	if (json_object_object_get_ex(p->sections, name, &known) && strcmp(name, DEFAULTS) != 0) {
		free(name);
		return wrong(p, "this section stands in the file twice: join the two", e);
	}
	p->section = known;
	if (!known) {
		p->section = json_object_new_object();
		json_set(p->sections, name, p->section);
	}
	free(name);
	return 0;
}

static int begin_key(struct parser *p, struct span line, struct err *e)
{
	struct span key, value;
	size_t n = 0;

	while (n < line.n && line.p[n] != '=' && line.p[n] != ':')
		n++;
	key = strip((struct span){line.p, n});
	if (n == line.n || key.n == 0)
		return wrong(p, "this is neither a section nor KEY = VALUE", e);
	value = strip((struct span){line.p + n + 1, line.n - n - 1});
	free(p->key);
	p->key = span_dup(key);
	str_lower(p->key);
	if (json_object_object_get_ex(p->section, p->key, NULL))
		return wrong(p, "this key stands in its section twice: remove one of them", e);
	json_set(p->section, p->key, json_object_new_string_len(value.p, (int)value.n));
	return 0;
}

/* KEY = VALUE below a key without a value. */
static int add_below(struct parser *p, struct json_object *below, struct span line, struct err *e)
{
	const char *equals = memchr(line.p, '=', line.n);
	struct span value;
	char *key;

	if (!equals)
		return wrong(p, "below a key without a value a line has to be KEY = VALUE", e);
	key = span_dup(strip((struct span){line.p, (size_t)(equals - line.p)}));
	value = strip((struct span){equals + 1, line.n - (size_t)(equals - line.p) - 1});
	json_set(below, key, json_object_new_string_len(value.p, (int)value.n));
	free(key);
	return 0;
}

static int go_on(struct parser *p, struct span line, struct err *e)
{
	struct json_object *value;
	char *joined;

	json_object_object_get_ex(p->section, p->key, &value);
	if (json_object_is_type(value, json_type_object))
		return add_below(p, value, line, e);
	if (json_object_get_string_len(value) == 0) {
		value = json_object_new_object();
		json_set(p->section, p->key, value);
		return add_below(p, value, line, e);
	}
	joined = str_printf("%s\n%.*s", json_object_get_string(value), (int)line.n, line.p);
	json_set(p->section, p->key, json_object_new_string(joined));
	mem_forget(joined);
	return 0;
}

static int read_line(struct parser *p, struct span raw, struct err *e)
{
	struct span line = strip(raw);
	size_t indent = (size_t)(line.p - raw.p);

	p->line++;
	if (memchr(raw.p, '\0', raw.n))
		return wrong(p, "a NUL byte in the line", e);
	if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
		return 0;
	if (p->section && p->key && indent > p->indent)
		return go_on(p, line, e);
	p->indent = indent;
	if (line.n > 2 && line.p[0] == '[' && memchr(line.p + 2, ']', line.n - 2))
		return begin_section(p, line, e);
	if (!p->section)
		return wrong(p, "this stands in front of the first [section]", e);
	return begin_key(p, line, e);
}

static void inherit_defaults(struct json_object *sections)
{
	struct json_object *defaults;
	struct json_walk section, key;

	if (!json_object_object_get_ex(sections, DEFAULTS, &defaults))
		return;
	section = json_walk_of(sections);
	while (json_walk_next(&section)) {
		key = json_walk_of(defaults);
		while (json_walk_next(&key))
			if (!json_object_object_get_ex(section.value, key.key, NULL))
				json_set(section.value, key.key, json_object_get(key.value));
	}
	json_object_object_del(sections, DEFAULTS);
}

static int parse(const char *path, struct span text, struct json_object **sections, struct err *e)
{
	struct parser p = {.path = path, .line = 1, .sections = json_object_new_object()};
	struct span rest = text, line;
	int rc = 0;

	if (text.n >= 3 && memcmp(text.p, BOM, 3) == 0)
		rc = wrong(&p, "the file begins with a byte order mark, which AWS's tools do not "
			   "read: save it as UTF-8 without one", e);
	else if (text.n && span_utf8_length(text) < 0)
		rc = err_set(e, ERR_UNAVAILABLE, "%s is no UTF-8 text", path);
	p.line = 0;
	while (!rc && span_next(&rest, '\n', &line))
		rc = read_line(&p, line, e);
	free(p.key);
	if (!rc)
		inherit_defaults(p.sections);
	if (rc)
		json_object_put(p.sections);
	else
		*sections = p.sections;
	return rc;
}

/* A carriage return ends a line, alone or before a line feed. */
static void end_lines(struct buf *text)
{
	size_t i, n = 0;

	for (i = 0; i < text->len; i++) {
		char c = text->data[i];

		if (c == '\r' && i + 1 < text->len && text->data[i + 1] == '\n')
			continue;
		text->data[n++] = c == '\r' ? '\n' : c;
	}
	text->len = n;
}

int ini_read(const char *path, struct json_object **sections, struct err *e)
{
	struct stat st;
	struct buf text;
	int rc;

	*sections = NULL;
	if (stat(path, &st) ? errno == ENOENT || errno == ENOTDIR : !S_ISREG(st.st_mode))
		return 0;
	buf_init(&text, FILE_MAX_BYTES);
	rc = file_read(path, &text, &st, e);
	if (rc && e)
		e->code = ERR_UNAVAILABLE; /* no setting of ours is wrong */
	if (!rc && text.len) {
		end_lines(&text);
		rc = parse(path, (struct span){text.data, text.len}, sections, e);
	}
	buf_forget(&text);
	return rc;
}
