// SPDX-License-Identifier: Apache-2.0
// Gives a target the inputs of the command line, files or whole directories, one after the other. So the
// seeds and all inputs that once broke something are tests in every build, whatever the compiler.
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

static size_t n_inputs;

static void run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *data;
	long size;

	FUZZ_CHECK(file && fseek(file, 0, SEEK_END) == 0, "%s cannot be read", path);
	size = ftell(file);
	rewind(file);
	FUZZ_CHECK(size >= 0, "%s cannot be read", path);
	data = malloc((size_t)size);
	FUZZ_CHECK((data || !size) && fread(data, 1, (size_t)size, file) == (size_t)size,
		"%s cannot be read", path);
	fclose(file);
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput((const uint8_t *)data, (size_t)size);
	free(data);
	n_inputs++;
}

static void run_directory(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);
	char *inside;

	FUZZ_CHECK(n >= 0, "%s cannot be read", path);
	for (int i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.') {
			FUZZ_CHECK(asprintf(&inside, "%s/%s", path, entries[i]->d_name) > 0,
				"no memory");
			run_file(inside);
			free(inside);
		}
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char **argv)
{
	struct stat status;

	for (int i = 1; i < argc; i++) {
		FUZZ_CHECK(stat(argv[i], &status) == 0, "%s cannot be read", argv[i]);
		if (S_ISDIR(status.st_mode))
			run_directory(argv[i]);
		else
			run_file(argv[i]);
	}
	FUZZ_CHECK(n_inputs, "there is no input");
	return 0;
}
