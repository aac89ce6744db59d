// SPDX-License-Identifier: Apache-2.0
// Secrets in files of their own.
#pragma once

#include "base/arena.h"
#include "base/err.h"

// Where a file of this name is: a relative one is looked for in the directory of systemd's credentials
// first, then beside the configuration. Lives in the arena.
struct str secret_find(struct arena *arena, struct str config_path, struct str name);

// Reads the secret out of such a file. One line end at its end is removed. The secret
// lives in the arena. *world_readable: others than its owner and group may read it. False: err has
// ERR_INVALID and says why.
bool secret_read(struct arena *arena, struct str config_path, struct str name, struct str *secret,
	bool *world_readable, struct err *err);
