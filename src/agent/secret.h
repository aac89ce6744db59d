// SPDX-License-Identifier: Apache-2.0
// Secrets in files of their own.
#pragma once

#include "base/arena.h"
#include "base/err.h"

// Reads the secret out of a file: a relative name is looked for in the directory of systemd's
// credentials first, then beside the configuration. One line end at its end is removed. The secret
// lives in the arena. *world_readable: others than its owner and group may read it. False: err has
// ERR_INVALID and says why.
bool secret_read(struct arena *arena, struct str config_path, struct str name, struct str *secret,
	bool *world_readable, struct err *err);
