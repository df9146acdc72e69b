/* SPDX-License-Identifier: MIT
 *
 * dump: the JSON lines of files with one message each, as the library gives them; `bouncebox parse` must write the same.
 *
 * usage: dump FILE...
 */
#include <bouncebox/bouncebox.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST ((size_t)80 << 20)

static int dump(const bouncebox_rules *rules, const char *path, char *bytes)
{
    bouncebox_envelope envelope = {.source = path};
    FILE *f = fopen(path, "rb");
    if (!f) return 1;
    bouncebox_result *r = bouncebox_parse(rules, bytes, fread(bytes, 1, MOST, f), &envelope, NULL);
    const bouncebox_text *json = bouncebox_result_json(r);
    fclose(f);
    fwrite(json->text, 1, json->length, stdout);
    bouncebox_result_free(r);
    return !r;
}

int main(int argc, char **argv)
{
    int bad = 0;
    bouncebox_rules *rules = bouncebox_rules_new(NULL, NULL, 0, NULL);
    char *bytes = malloc(MOST);
    for (int i = 1; rules && bytes && i < argc; i++) bad += dump(rules, argv[i], bytes);
    if (!rules || !bytes) bad = 1;
    bouncebox_rules_free(rules);
    free(bytes);
    return bad ? 1 : 0;
}
