/* SPDX-License-Identifier: MIT
 *
 * fuzz: what a fuzz target gives. It must answer 0, keep nothing between calls, and abort() where a law is broken.
 */
#ifndef BB_TESTS_FUZZ_H
#define BB_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
