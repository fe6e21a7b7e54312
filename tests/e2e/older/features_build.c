/* SPDX-License-Identifier: BSD-3-Clause */
/* A build from before the newest feature: in the place of dataplane/base/features_build.c it makes wirelogd-older (Makefile). */
#include "dataplane/base/features.h"

wl_features wl_features_supported(void)
{
	wl_features known = wl_features_known(), newest = 1;

	while (known >> 1 >= newest)
		newest <<= 1;
	return known & ~newest;
}
