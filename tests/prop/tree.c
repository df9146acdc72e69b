/* SPDX-License-Identifier: MIT
 *
 * tree: what the reader of mail makes of files with one message each, a JSON line a file: subject and sender, and every
 * part with its depth, its type and a hash of its decoded bytes. For differential.py.
 *
 * usage: tree FILE...
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/mail/mail.h"
#include "edge/charset/charset.h"
#include "tap.h"

#define MOST ((size_t)80 << 20)

static void put_part(bb_json *j, bb_mail *m, bb_part *p)
{
    char hex[2 * BB_HASH_LEN + 1];
    bb_hasher h;
    bb_str bytes = bb_part_bytes(m, p);
    bb_hash_init(&h);
    bb_hash_put(&h, bytes);
    bb_hash hash = bb_hash_end(&h);
    bb_hash_hex(&hash, hex);
    bb_json_open(j, '{');
    bb_json_kint(j, "depth", p->depth);
    bb_json_kstr(j, "type", p->type);
    bb_json_kint(j, "size", (int64_t)bytes.n);
    bb_json_kstr(j, "hash", bb_cstr(hex));
    bb_json_kstr(j, "name", bb_value_text(m, bb_param(m, bb_field_raw(m, p, "Content-Type"), "name")));
    bb_json_close(j, '}');
}

static void dump(bb_arena *a, bb_mail_options *opt, const char *path, bb_str bytes)
{
    bb_mail m;
    bb_mail_read(a, bytes, opt, &m);
    bb_buf out = bb_buf_in(a, MOST);
    bb_json j = {.out = &out};
    bb_json_open(&j, '{');
    bb_json_kstr(&j, "file", bb_cstr(path));
    bb_json_kstr(&j, "subject", bb_field_text(&m, m.root, "Subject"));
    bb_json_kstr(&j, "from", bb_field_text(&m, m.root, "From"));
    bb_json_kstr(&j, "truncated", bb_cstr(m.truncated));
    bb_json_key(&j, "parts");
    bb_json_open(&j, '[');
    for (bb_part *p = m.root; p; p = bb_part_next(NULL, p)) put_part(&j, &m, p);
    bb_json_close(&j, ']');
    bb_json_close(&j, '}');
    fwrite(out.p, 1, out.n, stdout);
    putchar('\n');
}

int main(int argc, char **argv)
{
    char *bytes = malloc(MOST);
    bb_charsets charsets = {0};
    bb_mail_options opt = bb_mail_defaults;
    opt.charset = bb_charset_convert;
    opt.charset_ctx = &charsets;
    bb_arena a;
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    bool read = bytes != NULL;
    for (int i = 1; read && i < argc; i++) {
        FILE *f = fopen(argv[i], "rb");
        read = f != NULL;
        if (!f) break;
        dump(&a, &opt, argv[i], (bb_str){bytes, fread(bytes, 1, MOST, f)});
        fclose(f);
        bb_arena_reset(&a);
    }
    bb_charsets_close(&charsets);
    bb_arena_free(&a);
    free(bytes);
    return read ? 0 : 1;
}
