/* SPDX-License-Identifier: MIT
 *
 * Reports in the words of programs and providers, read as prose.tsv says that a person reads them: as they came, with
 * CRLF, and by the generic reader alone where it can.
 */
#include "golden.h"

#define FOLDER "tests/golden/prose"

enum { FILE_, RECIPIENT, KIND, REASON, COLUMNS };

static bb_arena *kept;

/* "ann@example.net hard userunknown / ...", one a recipient. */
static bb_str read_line(bb_str bytes)
{
    bb_report r;
    bb_buf out = bb_buf_in(kept, 4096);
    golden_read(bytes, NULL, &r);
    for (size_t i = 0; i < r.n_rcpts; i++) {
        bb_verdict v = golden_verdict(&r, i);
        bb_putf(&out, "%s" BB_FMT " %s %s", i ? " / " : "", BB_ARG(r.rcpts[i].recipient), bb_kind_word(v.kind),
                bb_reason_word(v.reason));
    }
    golden_forget();
    return bb_buf_str(&out);
}

static void check(bb_str file, bb_str want)
{
    bb_str bytes = golden_file(FOLDER, file);
    is_str(read_line(bytes), want, BB_FMT " as it came", BB_ARG(file));
    is_str(read_line(golden_with_crlf(bytes)), want, BB_FMT " with CRLF", BB_ARG(file));
}

int main(void)
{
    kept = golden_begin();
    bb_str table = golden_table("tests/golden/prose.tsv"), cells[GOLDEN_CELLS], file = {0}, *names;
    size_t files = 0;
    bb_buf want = {0};
    for (size_t n; (n = golden_row(&table, cells)) > 0;) {
        is_int(n, COLUMNS, "columns of " BB_FMT, BB_ARG(cells[FILE_]));
        bool another = !bb_eq(file, cells[FILE_]);
        if (another && !bb_empty(file)) check(file, bb_buf_str(&want));
        if (another) want = bb_buf_in(kept, 4096), files++;
        file = cells[FILE_];
        bb_putf(&want, "%s" BB_FMT " " BB_FMT " " BB_FMT, another ? "" : " / ", BB_ARG(cells[RECIPIENT]),
                BB_ARG(cells[KIND]), BB_ARG(cells[REASON]));
    }
    check(file, bb_buf_str(&want));
    is_int(golden_files(FOLDER, &names), files, "as many messages in the table as in the folder");
    return golden_end();
}
