/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How far a rescue after a lost majority goes on from what it found (docs/SAFETY.md, rule 32): with its terms, and with the numbers of its
 * records. The simulator's tiny build has small ones (tests/sim/tiny). [any]
 */
#ifndef WL_DATAPLANE_BASE_RESCUE_LIMITS_H
#define WL_DATAPLANE_BASE_RESCUE_LIMITS_H

/*
 * The terms of the lost are below: each costs a majority of them a durable record, so that ten thousand a second, for three years without a
 * pause, are fewer.
 */
#define WL_RESCUE_TERMS (1ull << 40)
/* More than the lost can have given away meanwhile: at 100 million records a second it takes three hours. */
#define WL_LOSS_NUMBERS (1ull << 40)
#define WL_RESCUE_STRIDES 1024u /* a rescue goes so many times as far at most (log/rescue.h) */

#endif
