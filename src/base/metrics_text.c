/* SPDX-License-Identifier: ISC */
/*
 * What was counted, as Prometheus reads it: one family after the other, its series in the order
 * of their text.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "base/metrics_file.h"
#include "base/str.h"

#define LOST "ordersnap_metrics_lost_total"

static const char *const types[] = {"counter", "gauge", "histogram", "gauge"};

/* The places that have a series, by its text. */
struct listed {
	const struct metrics_place *places[METRICS_PLACES];
	bool printed[METRICS_PLACES];
	size_t n;
};

static int compare(const void *a, const void *b)
{
	const struct metrics_place *const *one = a, *const *other = b;

	return strcmp((*one)->series, (*other)->series);
}

static void list(const struct metrics_file *file, struct listed *l)
{
	size_t i;

	l->n = 0;
	for (i = 0; i < METRICS_PLACES; i++) {
		const struct metrics_place *place = &file->places[i];

		if (__atomic_load_n(&place->named, __ATOMIC_ACQUIRE) && place->kind <= METRICS_MOMENT &&
		    memchr(place->series, '\0', sizeof place->series))
			l->places[l->n++] = place;
	}
	qsort(l->places, l->n, sizeof *l->places, compare);
	memset(l->printed, 0, sizeof l->printed);
}

static uint64_t value(const struct metrics_place *place, size_t i)
{
	return __atomic_load_n(&place->values[i], __ATOMIC_RELAXED);
}

static struct span name_of(const struct metrics_place *place)
{
	return (struct span){place->series, strcspn(place->series, "{")};
}

/* What is printed of a family: one that is a moment twice. */
struct printed {
	struct span name;
	const char *help; /* or NULL */
	enum metrics_kind kind;
	const char *suffix;
	int64_t now; /* of an age; 0: the value as it is */
};

/* NAME_SUFFIX{LABELS,EXTRA} */
static void add_name(struct buf *out, const struct metrics_place *place, const char *suffix,
		     const char *extra)
{
	struct span name = name_of(place);
	const char *labels = place->series + name.n;
	size_t n = strlen(labels);

	buf_add(out, name.p, name.n);
	buf_puts(out, suffix);
	if (n > 1)
		buf_printf(out, "%.*s%s%s}", (int)n - 1, labels, *extra ? "," : "", extra);
	else if (*extra)
		buf_printf(out, "{%s}", extra);
}

/* Each bucket has those of the smaller ones too, and the last is the count: made of the same
 * reads, they agree while others count. */
static void add_histogram(struct buf *out, const struct metrics_place *place)
{
	uint64_t sum = value(place, METRICS_SUM), count = 0;
	char bound[48];
	size_t i;

	for (i = 0; i <= METRICS_BOUNDS; i++) {
		count += value(place, i);
		if (i < METRICS_BOUNDS)
			snprintf(bound, sizeof bound, "le=\"%g\"", metrics_bounds_us[i] / 1e6);
		add_name(out, place, "_bucket", i < METRICS_BOUNDS ? bound : "le=\"+Inf\"");
		buf_printf(out, " %" PRIu64 "\n", count);
	}
	add_name(out, place, "_sum", "");
	buf_printf(out, " %" PRIu64 ".%06" PRIu64 "\n", sum / 1000000, sum % 1000000);
	add_name(out, place, "_count", "");
	buf_printf(out, " %" PRIu64 "\n", count);
}

static bool is_of(const struct metrics_place *place, const struct printed *family)
{
	struct span name = name_of(place);

	return name.n == family->name.n && memcmp(name.p, family->name.p, name.n) == 0 &&
	       place->kind == (uint32_t)family->kind;
}

static void add_lines(struct buf *out, struct listed *l, const struct printed *family)
{
	int width = (int)family->name.n;
	size_t i;

	if (family->help)
		buf_printf(out, "# HELP %.*s%s %s\n", width, family->name.p, family->suffix, family->help);
	buf_printf(out, "# TYPE %.*s%s %s\n", width, family->name.p, family->suffix,
		   types[family->kind]);
	for (i = 0; i < l->n; i++) {
		const struct metrics_place *place = l->places[i];
		int64_t is = (int64_t)value(place, 0);

		if (!is_of(place, family))
			continue;
		l->printed[i] = true;
		if (family->kind == METRICS_SECONDS) {
			add_histogram(out, place);
			continue;
		}
		add_name(out, place, family->suffix, "");
		buf_printf(out, " %" PRId64 "\n", family->now ? family->now - is : is);
	}
}

static void add_family(struct buf *out, struct listed *l, struct printed family, int64_t now)
{
	family.suffix = family.kind == METRICS_MOMENT ? "_timestamp_seconds" : "";
	add_lines(out, l, &family);
	family.suffix = "_age_seconds";
	family.now = now;
	if (family.kind == METRICS_MOMENT)
		add_lines(out, l, &family);
}

int metrics_format(struct buf *out, const struct metrics_family *const *families, int64_t now,
		   struct err *e)
{
	const struct metrics_file *file = metrics_file_to_read();
	struct listed l;
	size_t i;

	if (!file)
		return err_set(e, ERR_UNAVAILABLE, "METRICS_FILE can't be read");
	list(file, &l);
	for (; *families; families++)
		add_family(out, &l, (struct printed){.name = span_of((*families)->name),
						     .help = (*families)->help,
						     .kind = (*families)->kind}, now);
	/* Another version's, whose series stand side by side. */
	for (i = 0; i < l.n; i++)
		if (!l.printed[i])
			add_family(out, &l, (struct printed){.name = name_of(l.places[i]),
							     .kind = l.places[i]->kind}, now);
	buf_printf(out, "# HELP " LOST " Counts for which METRICS_FILE has no room.\n"
		   "# TYPE " LOST " counter\n" LOST " %" PRIu64 "\n",
		   __atomic_load_n(&file->lost, __ATOMIC_RELAXED));
	return 0;
}
