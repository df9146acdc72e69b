/* SPDX-License-Identifier: MIT
 *
 * One line for each recipient that each message reports: who, what, why.
 *
 * cc parse.c -o parse $(pkg-config --cflags --libs bouncebox) && ./parse bounce.eml...
 */
#include <bouncebox/bouncebox.h>
#include <stdio.h>

static char message[16 << 20];

int main(int argc, char **argv)
{
    bouncebox_error error;
    bouncebox_rules *rules = bouncebox_rules_new(NULL, NULL, 0, &error);
    if (!rules) return fprintf(stderr, "%s\n", error.text), 1;

    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (!file) return perror(argv[i]), 1;
        size_t length = fread(message, 1, sizeof message, file);
        fclose(file);

        bouncebox_result *result = bouncebox_parse(rules, message, length, NULL, &error);
        if (!result) return fprintf(stderr, "%s: %s\n", argv[i], error.text), 1;
        for (size_t k = 0; k < bouncebox_result_rows(result); k++) {
            const bouncebox_row *row = bouncebox_result_row(result, k);
            printf("%s: %s, %s, %.0f %% sure by %s: %s\n", row->recipient.text,
                   bouncebox_word(BOUNCEBOX_WORDS_KIND, row->kind), bouncebox_word(BOUNCEBOX_WORDS_REASON, row->reason),
                   row->confidence * 100, row->rule.text, row->diagnostic.text);
        }
        bouncebox_result_free(result);
    }
    bouncebox_rules_free(rules);
    return 0;
}
