// Tables as workbooks: there and back without loss, what another program writes, and faults with their cells.
#include "dmn/sheet.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "dmn/archive.h"
#include "dmn/check.h"
#include "dmn/markdown.h"
#include "dmn/workbook.h"
#include "dmn/xml.h"

namespace tongban::dmn {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string listed(const std::vector<SheetProblem>& problems) {
  std::string out;
  for (const SheetProblem& each : problems) out += each.cell + ": " + each.message + "\n";
  return out;
}

// What of a table goes into a file of its own: its Markdown, and what Markdown writes on one line.
std::string whole(const Table& table) {
  return table.name + "\n" + table.title + "\n" + table.text + "\n" + table.clause + "\n" + to_markdown(table);
}

void expect_round_trip(const std::vector<Table>& tables, const std::string& where) {
  const Result<std::string> bytes = write_workbook(tables);
  ASSERT_TRUE(bytes.ok()) << where;
  const ReadWorkbook back = read_workbook("x", *bytes);
  ASSERT_TRUE(back.problems.empty()) << where << "\n" << listed(back.problems);
  ASSERT_EQ(back.tables.size(), tables.size()) << where;
  for (size_t i = 0; i < tables.size(); ++i) EXPECT_EQ(whole(back.tables[i].table), whole(tables[i])) << where;
  EXPECT_EQ(*write_workbook(tables), *bytes) << "the same tables give the same bytes";
}

Table parsed(const std::string& name, const std::string& markdown) {
  const ParsedTable out = parse_table_markdown(name, markdown);
  EXPECT_TRUE(out.problems.empty()) << name << ": " << out.problems[0].message;
  return out.table;
}

const char* const kEverything =
    "---\ntitle: 时限\nhit policy: priority\nmode: suggested\ndemo: yes\nclause: 第十三条\ninputs:\n"
    "  kind: one of \"consultation\" 咨询, \"other\" 其他\n  day: date\n  form.xs: list of number\n"
    "  amount: number, where [0..10], null\noutputs:\n  limit: limit\n  level: one of \"high\" 高, \"low\"\n"
    "defaults:\n  limit: 15 工作日\n  level: \"low\"\n---\n为了说明。\n第二段。\n\n"
    "| 类别 kind | 日期 day | \"→ 数\" form.xs | amount | → 时限 limit | → 级别 level | 〔备注〕 | 依据 |\n"
    "|---|---|---|---|---|---|---|---|\n"
    "| \"other\" | > date(\"2021-02-05\") | - | - | 5 工作日 | \"high\" | 一<br>二 | 第一条 |\n"
    "| \"a\\|b\" | - | - | [1..5) | 2 小时 | if kind = \"other\" then \"high\" else \"low\" |  | 第二条 |\n"
    "| \"_x0041_ &<>\" | - | - | 5 | 2 小时 | \"low\" | 1/2 | 第三条 |\n";

TEST(Sheet, EverythingATableHoldsGoesThereAndBack) {
  expect_round_trip({parsed("limits", kEverything)}, "one");
  Table other = parsed("others", kEverything);
  expect_round_trip({parsed("limits", kEverything), other}, "two of the same title");
}

TEST(Sheet, EveryTableOfThePacksGoesThereAndBack) {
  size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(TONGBAN_SOURCE_DIR "/packs")) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(".table.md")) continue;
    expect_round_trip({parsed(file.substr(0, file.size() - 9), read_file(entry.path()))}, file);
    ++count;
  }
  EXPECT_GE(count, 5u);
}

TEST(Sheet, EverySoundAndFaultyTableGoesThereAndBack) {
  size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(TONGBAN_SOURCE_DIR "/tests/dmn/tables")) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(".table.md")) continue;
    const ParsedTable table = parse_table_markdown(file.substr(0, file.size() - 9), read_file(entry.path()));
    if (!table.problems.empty()) continue;
    expect_round_trip({table.table}, file);
    ++count;
  }
  EXPECT_GE(count, 90u);
}

TEST(Sheet, EveryModelOfTheKitWithTablesGoesThereAndBack) {
  const char* set = std::getenv("TONGBAN_SHARED");
  const fs::path kit = fs::path(set != nullptr ? set : TONGBAN_SOURCE_DIR "/../shared") / "dmn-tck";
  if (!fs::exists(kit)) GTEST_SKIP() << "the conformance kit is not at " << kit << " (set TONGBAN_SHARED)";
  size_t tables = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kit)) {
    if (entry.path().extension() != ".dmn") continue;
    const std::vector<Table> found = tables_of(read_xml(entry.path().string(), read_file(entry.path())).model);
    if (found.empty()) continue;
    const std::string where = entry.path().filename().string();
    expect_round_trip(found, where);
    tables += found.size();
    // XML → workbook → XML: the tables of the second model are those of the first.
    const ReadWorkbook back = read_workbook("x", *write_workbook(found));
    std::vector<Table> again;
    for (const SheetTable& each : back.tables) again.push_back(each.table);
    const ReadModel second = read_xml(where, write_xml(model_of(again)));
    ASSERT_TRUE(second.problems.empty()) << where << ": " << second.problems[0].message;
    const std::vector<Table> last = tables_of(second.model);
    ASSERT_EQ(last.size(), found.size()) << where;
    for (size_t i = 0; i < last.size(); ++i) EXPECT_EQ(to_markdown(last[i]), to_markdown(found[i])) << where;
  }
  EXPECT_GE(tables, 50u);
}

// ---- what people and programs do to a workbook ---------------------------------------------------------------------

Sheet small_sheet() {
  Sheet sheet;
  sheet.name = "时限";
  const std::vector<std::vector<std::string>> rows = {{"办结时限", "", "", ""},
                                                      {"首个", "类别", "→ 时限", "依据"},
                                                      {"标识", "kind", "limit", ""},
                                                      {"类型", "one of \"a\" 甲, \"b\" 乙", "", ""},
                                                      {"1", "\"a\"", "5 工作日", "第一条"},
                                                      {"2", "-", "15 工作日", "第二条"}};
  for (size_t row = 0; row < rows.size(); ++row) {
    for (size_t column = 0; column < rows[row].size(); ++column)
      sheet.cells[{static_cast<int>(row) + 1, static_cast<int>(column) + 1}].text = rows[row][column];
  }
  return sheet;
}

ReadWorkbook read_back(const Sheet& sheet) { return read_workbook("limit", *write_sheets({sheet})); }

TEST(Sheet, ASheetTypedByHandIsEnough) {
  const ReadWorkbook book = read_back(small_sheet());
  ASSERT_TRUE(book.problems.empty()) << listed(book.problems);
  EXPECT_EQ(book.tables[0].table.name, "limit");
  EXPECT_EQ(book.tables[0].table.title, "办结时限");
  EXPECT_EQ(book.tables[0].table.hit_policy, HitPolicy::first);
  EXPECT_EQ(book.tables[0].table.rules[1].outputs[0], "15 工作日");
  EXPECT_EQ(book.tables[0].cell(2, 2), "时限!C6");
}

TEST(Sheet, EmptyRowsBetweenRulesCountForNothing) {
  Sheet sheet = small_sheet();
  sheet.cells[{9, 1}].text = "3";  // only its number
  sheet.cells[{12, 2}].text = "\"b\"";
  sheet.cells[{12, 3}].text = "2 小时";
  sheet.cells[{12, 4}].text = "第三条";
  const ReadWorkbook book = read_back(sheet);
  ASSERT_TRUE(book.problems.empty()) << listed(book.problems);
  ASSERT_EQ(book.tables[0].table.rules.size(), 3u);
  EXPECT_EQ(book.tables[0].cell(3, 1), "时限!B12");
}

TEST(Sheet, AllFaultsAtOnceEachWithItsCell) {
  Sheet sheet = small_sheet();
  sheet.cells[{2, 1}].text = "随便";
  sheet.cells[{4, 2}].text = "one off \"a\"";
  sheet.cells[{5, 4}].text = "";
  sheet.cells[{6, 2}].text = "";
  sheet.cells[{6, 7}].text = "旁注";
  sheet.merged.push_back({5, 3, 6, 3});
  const ReadWorkbook book = read_back(sheet);
  std::map<std::string, std::string> by_cell;
  for (const SheetProblem& each : book.problems) by_cell[each.cell] += each.message;
  EXPECT_EQ(by_cell["时限!A2"], "\"随便\" is no hit policy; write 唯一, 首个, 任一, 收集 or 按行");
  EXPECT_NE(by_cell["时限!B4"].find("is no type"), std::string::npos) << listed(book.problems);
  EXPECT_EQ(by_cell["时限!D5"], "the row has no clause (依据)");
  EXPECT_EQ(by_cell["时限!B6"], "the cell is empty; write - for any value");
  EXPECT_EQ(by_cell["时限!G6"], "text right of the last column, 依据");
  EXPECT_EQ(by_cell["时限!C5"], "the cells C5:C6 are merged; write the value into each cell");
  EXPECT_EQ(by_cell.size(), 6u) << listed(book.problems);
}

TEST(Sheet, FaultsInsideCellsCarryTheirCell) {
  Sheet sheet = small_sheet();
  sheet.cells[{5, 2}].text = "“a”";
  sheet.cells[{6, 3}].text = "15 天";
  const std::vector<Finding> findings = check_workbook("limit.xlsx", "limit", *write_sheets({sheet}));
  std::string cells;
  for (const Finding& each : findings) cells += each.cell + " " + each.code + "\n";
  EXPECT_EQ(cells, "时限!B5 type\n时限!C6 type\n");
}

TEST(Sheet, AGapIsFoundInAWorkbookToo) {
  Sheet sheet = small_sheet();
  sheet.cells[{6, 2}].text = "\"a\"";
  const std::vector<Finding> findings = check_workbook("limit.xlsx", "limit", *write_sheets({sheet}));
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].code + " " + findings[0].cell + " " + findings[0].message,
            "gap 时限!A2 no row covers kind = \"b\"");
  EXPECT_EQ(findings[1].code + " " + findings[1].cell, "never_matches 时限!A6");
}

TEST(Sheet, RefusesASheetWithoutIdentifiersAndAFileThatIsNoWorkbook) {
  Sheet sheet = small_sheet();
  sheet.cells.erase({3, 1});
  EXPECT_EQ(listed(read_back(sheet).problems),
            "时限!A1: the sheet has no row whose first cell is 标识 (the identifiers of the columns); it stands below "
            "the heads\n");
  EXPECT_EQ(listed(read_workbook("x", "| a |").problems), ": this is no .xlsx workbook (no ZIP archive)\n");
  EXPECT_EQ(listed(read_workbook("x", "\xD0\xCF\x11\xE0 old").problems),
            ": this is an .xls of old, or a file protected by a password; save it as .xlsx without a password\n");
  EXPECT_EQ(listed(read_workbook("x", *pack({{"a.xml", "<a/>"}})).problems),
            ": this is no .xlsx workbook (xl/workbook.xml is missing)\n");
}

// Parts as other programs write them: numbers, dates, formulas, runs of text, cells without a place, inline strings.
std::string foreign_workbook(const std::string& rows) {
  const std::string main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
  return *pack(
      {{"xl/workbook.xml",
        "<x:workbook xmlns:x=\"" + main +
            "\" xmlns:rel=\"r\"><x:sheets><x:sheet name=\"S\" sheetId=\"1\" rel:id=\"a\"/></x:sheets>"
            "</x:workbook>"},
       {"xl/_rels/workbook.xml.rels",
        "<Relationships><Relationship Id=\"a\" Type=\"t/worksheet\" Target=\"/xl/s.xml\"/></Relationships>"},
       {"xl/styles.xml",
        "<styleSheet><numFmts><numFmt numFmtId=\"170\" formatCode=\"yyyy&quot;年&quot;m\"/><numFmt numFmtId=\"171\" "
        "formatCode=\"[Red]0.0&quot;d&quot;\"/></numFmts><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf "
        "numFmtId=\"170\"/><xf numFmtId=\"171\"/></cellXfs></styleSheet>"},
       {"xl/sharedStrings.xml",
        "<sst><si><r><rPr><b/></rPr><t>标</t></r><r><t>识</t></r><rPh sb=\"0\" eb=\"1\"><t>biao</t></rPh></si></sst>"},
       {"xl/s.xml", "<worksheet><sheetData>" + rows + "</sheetData></worksheet>"}});
}

TEST(Sheet, ReadsNumbersDatesAndRunsAsOtherProgramsWriteThem) {
  const auto text = [](const char* value) {
    return "<c t=\"inlineStr\"><is><t>" + std::string(value) + "</t></is></c>";
  };
  const std::string head = "<row r=\"1\">" + text("题") + "</row><row r=\"2\">" + text("U") + text("数 ") + text("日") +
                           text("→ o") + text("依据") + "</row><row r=\"3\"><c t=\"s\"><v>0</v></c>" + text("n") +
                           text("d") + text("o") + "</row>";
  const ReadWorkbook book = read_workbook(
      "x", foreign_workbook(head +
                            "<row r=\"4\"><c r=\"B4\"><v>1.1000000000000001</v></c><c r=\"C4\" s=\"1\"><v>44232"
                            "</v></c><c r=\"D4\" t=\"b\"><v>1</v></c>" +
                            text("一") +
                            "</row><row><c r=\"B5\" s=\"3\"><v>1E-3</v></c><c s=\"2\"><v>44232</v></c><c "
                            "t=\"str\"><v>2 小时</v></c>" +
                            text("二") + "</row>"));
  ASSERT_TRUE(book.problems.empty()) << listed(book.problems);
  const Table& table = book.tables[0].table;
  EXPECT_EQ(table.inputs[0].label, "数");
  EXPECT_EQ(table.rules[0].cells, (std::vector<std::string>{"1.1", "date(\"2021-02-05\")"}));
  EXPECT_EQ(table.rules[0].outputs[0], "true");
  EXPECT_EQ(table.rules[1].cells, (std::vector<std::string>{"0.001", "date(\"2021-02-05\")"}));
  EXPECT_EQ(table.rules[1].outputs[0], "2 小时");
  const ReadWorkbook bad = read_workbook(
      "x", foreign_workbook(head +
                            "<row r=\"4\"><c r=\"B4\"><f>1+1</f><v>2</v></c><c r=\"C4\" s=\"1\"><v>44232.5</v></c>"
                            "<c r=\"D4\" t=\"e\"><v>#REF!</v></c>" +
                            text("一") + "</row>"));
  EXPECT_EQ(listed(bad.problems),
            "S!B4: a formula stands here; write its value\n"
            "S!C4: the cell holds an error or a time of day; write it as text\n"
            "S!D4: the cell holds an error or a time of day; write it as text\n");
}

TEST(Sheet, ASmallFileThatUnpacksToAFloodIsRefused) {
  std::string flood = "<worksheet><sheetData>";
  flood.append(kMaxArchiveBytes, ' ');
  const std::string bytes = *pack({{"xl/workbook.xml", flood + "</sheetData></worksheet>"}});
  EXPECT_LT(bytes.size(), 1'000'000u);
  EXPECT_EQ(listed(read_workbook("x", bytes).problems), ": the workbook unpacks to more than 128 MB\n");
}

}  // namespace
}  // namespace tongban::dmn
