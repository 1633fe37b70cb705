/* csv: quoting, and cells that a spreadsheet would compute. */
#include "control/csv.h"
#include "tests/unit/unit.h"

static const struct {
    const char *text, *cell;
} cells[] = {
    {"", "\"\""},
    {"plain", "\"plain\""},
    {"with, comma", "\"with, comma\""},
    {"say \"hi\"", "\"say \"\"hi\"\"\""},
    {"two\nlines", "\"two\nlines\""},
    {"=1+1", "\"'=1+1\""},
    {"+1", "\"'+1\""},
    {"-1", "\"'-1\""},
    {"@SUM(A1)", "\"'@SUM(A1)\""},
    {"\t=1", "\"'\t=1\""},
    {"\r=1", "\"'\r=1\""},
    {"a=1", "\"a=1\""},
    {"{\"a\":1}", "\"{\"\"a\"\":1}\""},
};

START_TEST(cells_are_text)
{
    struct buf out;
    for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
        buf_init(&out, 256);
        csv_cell(&out, str_of(cells[i].text));
        ck_assert_text(buf_str(&out), cells[i].cell);
        buf_fini(&out);
    }
}
END_TEST

START_TEST(rows_end_as_the_format_says)
{
    struct buf out;
    struct str row[] = {STR("a"), STR(""), STR("b")};
    buf_init(&out, 256);
    csv_row(&out, row, ARRAY_LEN(row));
    ck_assert_text(buf_str(&out), "\"a\",\"\",\"b\"\r\n");
    buf_fini(&out);
}
END_TEST

UNIT_MAIN("control_csv", cells_are_text, rows_end_as_the_format_says)
