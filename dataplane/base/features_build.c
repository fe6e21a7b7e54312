/* SPDX-License-Identifier: BSD-3-Clause */
/* Which features this build has: all of the table. Alone in its file, so that a build that lacks some is another object here (tests/e2e/older). */
#include "dataplane/base/features.h"

wl_features wl_features_supported(void)
{
	return wl_features_known();
}
