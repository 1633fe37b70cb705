/* What every fuzz target declares, and its assertion: a broken property ends the process, which the
 * fuzzer and the replay both report.
 */
#ifndef DOTEB_TESTS_FUZZ_H
#define DOTEB_TESTS_FUZZ_H

#include "common/defs.h"
#include "common/str.h"

/* Returns 0. `data` is borrowed and exactly `size` bytes long. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
