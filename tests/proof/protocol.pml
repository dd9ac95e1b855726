/* SPDX-License-Identifier: ISC */
/*
 * Read, decide, write once: the protocol of record/record_session.c and
 * record/record_charge.c, as small as it can be and still go wrong.
 *
 * One payment.  At Stripe it is sold, refunded, and the refund fails, so that
 * the truth comes back to what it was.  An event tells of each step.
 * Responders take events until all are acknowledged; one may die between any
 * two steps, and what it did not acknowledge comes again.  A transaction is one
 * atomic step and conditional on the versions that were read.  Somebody else
 * (an operator, an older program) writes to the order as well, and knows no
 * pointer.
 *
 * What must hold is in the asserts and in `acknowledged` at the end.  Each
 * BREAK_... takes one stone out of the protocol; test_protocol.py shows that
 * none is missed.
 */
#ifndef RESPONDERS
#define RESPONDERS 2
#endif
#ifndef EVENTS
#define EVENTS 3 /* 0: the sale; 1: a refund; 2: it fails */
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#define TRIES 2

#define LAST (EVENTS - 1)
#define TRUTH(t) ((t) % 2) /* what is refunded after step t */

byte time;              /* steps that have happened at Stripe */
byte crashes, finished; /* responders */
bool acked[EVENTS];

/* --- the table */

bool marker[EVENTS];
byte orders;        /* items that are an order of this payment */
byte order_version; /* 0: there is none */
byte order_refunded;
byte order_seen;    /* the time at which Stripe was asked for that */
bool order_note;    /* what somebody else wrote */
bool noted;         /* that they did */

/* The payment's pointer, which has a copy of the order. */
byte pointer_version, copy_version, copy_refunded, copy_seen;
bool copy_note;

#if EVENTS == 3
#define ALL_ACKED (acked[0] && acked[1] && acked[2])
#else
#define ALL_ACKED (acked[0] && acked[1])
#endif

/* --- conditions of a transaction */

#ifdef BREAK_MARKER_CONDITION
#define MARKER_HOLDS(e) true
#else
#define MARKER_HOLDS(e) (!marker[e])
#endif

#ifdef BREAK_ORDER_CONDITION
#define ORDER_HOLDS true
#else
#define ORDER_HOLDS (order_version == version)
#endif

#ifdef BREAK_VERSIONS
#undef ORDER_HOLDS
#define ORDER_HOLDS true
#define POINTER_HOLDS true
#else
#define POINTER_HOLDS (pointer_version == pointer)
#endif

/* --- what a responder does */

inline read_order()
{
	version = order_version;
	refunded = order_refunded;
	seen = order_seen;
	note = order_note
}

inline put_order()
{
	assert(seen >= order_seen); /* the newest truth wins */
	assert(note == order_note); /* nobody's update is lost */
	order_version++;
	order_refunded = refunded;
	order_seen = seen;
	order_note = note
}

inline put_pointer()
{
	pointer_version++;
	copy_version = order_version;
	copy_refunded = order_refunded;
	copy_seen = order_seen;
	copy_note = order_note
}

inline put_marker()
{
	assert(!marker[e]); /* an event is processed once */
	marker[e] = true
}

/* Between any two steps. */
inline maybe_die()
{
	if
	:: crashes < CRASHES -> crashes++; goto next
	:: skip
	fi
}

/* The sale: record_session().  `unmarked`: it was a refund that came first. */
inline record_session(unmarked)
{
	atomic {
		marked = marker[e] && !(unmarked);
		read_order();
#ifdef BREAK_KEY
		version = 0; /* a key of one's own: nothing is found under it */
#endif
		pointer = pointer_version;
		stale = copy_version != order_version;
		maybe_die()
	}
	atomic {
		written = marked;
		if
		:: marked
		:: !marked && !version ->
			written = ((unmarked) || MARKER_HOLDS(e)) && POINTER_HOLDS;
#ifndef BREAK_KEY
			written = written && ORDER_HOLDS;
#endif
			if
			:: written -> orders++; order_version++; put_pointer()
			:: else
			fi
		:: else ->
			written = ((unmarked) || MARKER_HOLDS(e)) && (!stale || POINTER_HOLDS);
			if
			:: written && stale ->
				pointer_version++;
				copy_version = version;
				copy_refunded = refunded;
				copy_seen = seen;
				copy_note = note
			:: else
			fi
		fi;
		if
		:: written && !marked && !(unmarked) -> put_marker()
		:: else
		fi;
		forget();
		maybe_die()
	}
}

inline read_payment()
{
	atomic {
		marked = marker[e];
		pointer = pointer_version;
		version = copy_version;
		refunded = copy_refunded;
		seen = copy_seen;
		note = copy_note;
		maybe_die()
	}
	if
	:: !marked && pointer && distrust -> atomic { read_order(); maybe_die() }
	:: else
	fi
}

inline ask()
{
	atomic { asked = time; maybe_die() }
}

/* A refund: record_charge(). */
inline record_refund()
{
#ifdef BREAK_ASK_FIRST
	ask();
#endif
	read_payment();
	if
	:: !marked && !pointer -> /* the refund came before the sale */
		record_session(true);
		read_payment()
	:: else
	fi;
	if
	:: marked -> written = true
	:: !marked && !pointer -> written = false
	:: else ->
#ifndef BREAK_ASK_FIRST
		ask();
#endif
#ifdef BREAK_ACKNOWLEDGE_FIRST
		atomic { acknowledge(); maybe_die() }
#endif
		atomic {
			changed = refunded != TRUTH(asked);
			refunded = TRUTH(asked);
			seen = asked;
#ifdef BREAK_UNCHANGED
			written = MARKER_HOLDS(e) && (!changed || (ORDER_HOLDS && POINTER_HOLDS));
#else
			changed = true; /* the order is written, or its version checked */
			written = MARKER_HOLDS(e) && ORDER_HOLDS && POINTER_HOLDS;
#endif
			if
			:: written && changed -> put_order(); put_pointer()
			:: else
			fi;
			if
			:: written -> put_marker()
			:: else
			fi;
			maybe_die()
		}
	fi
}

/* A 2xx: Stripe does not deliver the event again. */
inline acknowledge()
{
	acked[e] = true;
#ifndef BREAK_ACKNOWLEDGE_FIRST
	assert(marker[e]);
	assert(order_version);
	assert(e == 0 || order_seen >= e) /* its effect is there */
#endif
}

/* What nobody looks at any more need not be told apart. */
inline forget()
{
	version = 0;
	refunded = 0;
	seen = 0;
	pointer = 0;
	asked = 0;
	note = false;
	marked = false;
	changed = false;
	stale = false
}

active [RESPONDERS] proctype responder()
{
	byte e, tries, asked;
	byte version, refunded, seen, pointer;
	bool note, marked, distrust, written, changed, stale;

next:
	atomic {
		forget();
		tries = 0;
		distrust = false;
		written = false;
		e = 0;
		if
		:: ALL_ACKED -> goto done
		:: !acked[0] -> e = 0
		:: time >= 1 && !acked[1] -> e = 1
#if EVENTS == 3
		:: time >= 2 && !acked[2] -> e = 2
#endif
		fi
	}
	do
	:: !written && tries < TRIES ->
		if
		:: e == 0 -> record_session(false)
		:: else -> record_refund()
		fi;
		atomic {
			forget();
#ifndef BREAK_TRUST_COPY
			distrust = true;
#endif
			tries++
		}
	:: else -> break
	od;
	atomic {
		if
		:: written -> acknowledge()
		:: else /* 503 */
		fi;
		goto next
	}
done:
	finished++
}

active proctype stripe()
{
	do
	:: time < LAST -> time++
	:: else -> break
	od
}

/* Somebody else, once, on the version that they read. */
active proctype operator()
{
	d_step {
		order_version ->
		order_version++;
		order_note = true;
		noted = true
	}
}

active proctype judge()
{
	finished == RESPONDERS;
	assert(orders == 1);
	assert(order_refunded == TRUTH(LAST));
	assert(order_note == noted)
}

ltl acknowledged { <> ALL_ACKED }
