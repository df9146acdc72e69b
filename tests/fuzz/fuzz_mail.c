/* SPDX-License-Identifier: MIT
 *
 * Fuzz: bytes as a mail, under the usual limits, under tiny ones and with little memory. The tree is whole, texts are
 * clean, and whatever a limit took away is told.
 */
#include "core/mail/mail.h"
#include "fuzz.h"
#include "tap.h"

static bool within(bb_str inner, bb_str outer)
{
    return inner.n == 0 || (inner.p >= outer.p && inner.p + inner.n <= outer.p + outer.n);
}

static bool is_clean(bb_str text)
{
    return bb_utf8_valid(text) && bb_chr(text, '\r') == BB_NPOS && bb_chr(text, '\0') == BB_NPOS;
}

static size_t check_fields(bb_mail *m, const bb_part *p)
{
    size_t n = 0;
    for (const bb_field *f = p->fields; f; f = f->next, n++) {
        MUST(f->name.n && within(f->name, p->head) && within(f->value, p->head));
        MUST(bb_chr(f->name, ':') == BB_NPOS && bb_chr(f->name, ' ') == BB_NPOS);
        MUST(f->name.n + f->value.n <= m->opt->max_header_bytes);
        if (n >= 64) continue;
        bb_str raw = bb_value_unfold(m, f->value), text = bb_value_text(m, f->value);
        MUST(bb_chr(raw, '\n') == BB_NPOS && bb_chr(raw, '\r') == BB_NPOS && raw.n <= f->value.n);
        MUST(is_clean(text) && bb_chr(text, '\n') == BB_NPOS);
    }
    MUST(n <= (size_t)m->opt->max_fields);
    return n;
}

/* Does it lie in a copy? */
static bool is_decoded(const bb_part *p)
{
    for (p = p->parent; p; p = p->parent)
        if (p->cte != BB_CTE_PLAIN) return true;
    return false;
}

static void check_part(bb_mail *m, bb_part *p)
{
    MUST(p->depth == (p->parent ? p->parent->depth + 1 : 0) && p->depth <= m->opt->max_depth);
    MUST(within(p->head, p->all) && within(p->body, p->all));
    MUST(is_decoded(p) || within(p->all, m->bytes));
    size_t slash = bb_chr(p->type, '/');
    MUST(slash != BB_NPOS && slash > 0 && slash + 1 < p->type.n);
    for (size_t i = 0; i < p->type.n; i++) MUST(p->type.p[i] == bb_lower(p->type.p[i]));
    bb_str text = bb_part_text(m, p), again = bb_part_text(m, p);
    MUST(is_clean(text) && text.n <= m->opt->max_text_bytes);
    MUST(m->arena->failed || bb_eq(text, again));
    MUST(bb_part_bytes(m, p).n <= p->body.n + 1);
}

/* What the tree says, as one number. */
static bb_hash check_tree(bb_mail *m)
{
    bb_hasher h;
    bb_hash_init(&h);
    int n = 0;
    for (bb_part *p = m->root; p; p = bb_part_next(NULL, p), n++) {
        MUST(p->index == n);
        size_t fields = check_fields(m, p);
        check_part(m, p);
        bb_hash_put(&h, (bb_str){(const char *)&fields, sizeof fields});
        bb_hash_field(&h, p->type);
        bb_hash_field(&h, p->head);
        bb_hash_field(&h, bb_part_text(m, p));
    }
    MUST(n == m->n_parts && n <= m->opt->max_parts);
    return bb_hash_end(&h);
}

static void with_little_memory(bb_str bytes)
{
    bb_arena a;
    bb_mail m;
    bb_arena_init(&a, &tap_alloc, 64 + bytes.n % 4096);
    bb_mail_read(&a, bytes, NULL, &m);
    for (bb_part *p = m.root; p; p = bb_part_next(NULL, p)) {
        MUST(is_clean(bb_part_text(&m, p)));
        MUST(is_clean(bb_field_text(&m, p, "Subject")));
        (void)bb_param(&m, bb_field_raw(&m, p, "Content-Type"), "name");
    }
    bb_arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bb_str bytes = {(const char *)data, size};
    bb_mail_options tiny = bb_mail_defaults;
    tiny.max_depth = 3;
    tiny.max_parts = 6;
    tiny.max_header_bytes = 300;
    tiny.max_fields = 9;
    tiny.max_text_bytes = 500;
    bb_arena a;
    bb_mail usual, small;
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    bb_mail_read(&a, bytes, &bb_mail_defaults, &usual);
    bb_mail_read(&a, bytes, &tiny, &small);
    bb_hash all = check_tree(&usual), some = check_tree(&small);
    MUST(!a.failed);
    if (!small.truncated) MUST(!usual.truncated && bb_hash_eq(&all, &some));
    bb_arena_free(&a);
    with_little_memory(bytes);
    return 0;
}
