/* SPDX-License-Identifier: MIT
 *
 * Raw messages, compressed on their way in and out.
 */
#include <stdlib.h>
#include <zstd.h>

#include "edge/store/internal.h"

#define LEVEL 1 /* a third larger than 3, at half the time: most of what an ingest computes is this */

struct bb_squeezer {
    ZSTD_CCtx *zstd;
};

bb_squeezer *bb_squeezer_new(void)
{
    bb_squeezer *z = malloc(sizeof *z);
    if (!z) return NULL;
    z->zstd = ZSTD_createCCtx();
    if (!z->zstd) bb_squeezer_free(&z);
    return z;
}

void bb_squeezer_free(bb_squeezer **z)
{
    if (!*z) return;
    ZSTD_freeCCtx((*z)->zstd);
    free(*z);
    *z = NULL;
}

bool bb_squeeze(bb_squeezer *z, bb_arena *a, bb_str raw, bb_row_evidence *out, bb_err *err)
{
    size_t room = ZSTD_compressBound(raw.n);
    if (ZSTD_isError(room)) return bb_fail(err, BB_EDATA, "a message of %zu octets is too long to keep", raw.n);
    char *p = bb_get(a, room);
    if (!p) return bb_out_of_memory(err);
    size_t n = ZSTD_compressCCtx(z->zstd, p, room, raw.p, raw.n, LEVEL);
    if (ZSTD_isError(n)) return bb_fail(err, BB_ENOMEM, "compressing a message: %s", ZSTD_getErrorName(n));
    out->size = raw.n;
    out->zstd = (bb_str){p, n};
    return true;
}

bool bb_unsqueeze(bb_arena *a, const bb_row_evidence *e, bb_str *out, bb_err *err)
{
    /* What the frame says of itself is asked first: a damaged size must not become a request for memory. */
    unsigned long long says = ZSTD_getFrameContentSize(e->zstd.p, e->zstd.n);
    if (says != e->size) goto damaged;
    char *p = bb_get(a, e->size + 1);
    if (!p) return bb_out_of_memory(err);
    size_t n = ZSTD_decompress(p, e->size, e->zstd.p, e->zstd.n);
    if (ZSTD_isError(n) || n != e->size) goto damaged;
    *out = (bb_str){p, n};
    return true;
damaged:
    return bb_fail(err, BB_EDATA, "the evidence of report %llu is damaged", (unsigned long long)e->report);
}
