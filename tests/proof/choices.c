/* SPDX-License-Identifier: ISC */
/*
 * Choices: splitmix64, or an odometer.
 */
#include "choices.h"

#include <string.h>

static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint64_t choices_seed(uint64_t seed, uint64_t i)
{
	return mix(seed + (i + 1) * 0x9e3779b97f4a7c15u) >> 16;
}

void choices_random(struct choices *c, uint64_t seed)
{
	c->every = false;
	c->state = seed;
	c->n = c->at = 0;
}

void choices_every(struct choices *c)
{
	c->every = true;
	c->n = c->at = 0;
}

static unsigned counted(struct choices *c, unsigned n)
{
	if (c->at == CHOICES_MAX)
		return 0;
	if (c->at == c->n) {
		c->picks[c->n] = 0;
		c->widths[c->n++] = (unsigned char)n;
	}
	return c->picks[c->at++];
}

unsigned choose(struct choices *c, unsigned n)
{
	if (n < 2)
		return 0;
	if (c->every)
		return counted(c, n);
	return (unsigned)(mix(c->state += 0x9e3779b97f4a7c15u) % n);
}

bool choose_rarely(struct choices *c, unsigned n)
{
	return choose(c, c->every ? 2 : n) == 1;
}

bool choices_next(struct choices *c)
{
	while (c->n && c->picks[c->n - 1] + 1 >= c->widths[c->n - 1])
		c->n--;
	c->at = 0;
	if (!c->n)
		return false;
	c->picks[c->n - 1]++;
	return true;
}
