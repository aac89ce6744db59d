// SPDX-License-Identifier: Apache-2.0
// What the files of agent/settings share: settings as libconfig has them. Only these files know it;
// not for others.
#pragma once

#include "agent/settings.h"

#include <libconfig.h>

struct settings {
	config_t file;
	struct arena *arena; // borrowed
	const char *path;    // borrowed
	struct buf faults;
	size_t n_faults;
	const char *spelled; // borrowed: name of the file whose integers were looked at last
};

// Whether it came from the command line.
bool settings_is_override(const config_setting_t *setting);
// Reports a fault of a setting, or of what is missing in it by that name.
void settings_fault_at(struct settings *settings, const config_setting_t *at, const char *name,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
// Reports if libconfig may have taken an integer of this setting's file for another one; once per file.
void settings_check_spelling(struct settings *settings, const config_setting_t *setting);

// Takes the value of one setting that is no group into its place in an object. A value that cannot be
// taken is reported, and the default stays. In settings_take.c, as the next.
void settings_take(struct settings *settings, const config_setting_t *setting,
	const struct setting *row, char *value);
// Puts a row's default there; it has one.
void settings_take_initial(struct settings *settings, const struct setting *row, char *value);
