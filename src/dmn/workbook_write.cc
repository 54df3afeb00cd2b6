// Writing workbooks: the few parts of ISO/IEC 29500-1 §18 that every program for tables reads.
#include <algorithm>

#include "base/text.h"
#include "dmn/archive.h"
#include "dmn/workbook.h"

namespace tongban::dmn {
namespace {

constexpr std::string_view kHead = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
constexpr std::string_view kMain = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
constexpr std::string_view kLinks = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
constexpr std::string_view kPackage = "http://schemas.openxmlformats.org/package/2006/";
constexpr std::string_view kContent = "application/vnd.openxmlformats-officedocument.spreadsheetml.";

// Numbers 49: text. A cell of a rule is text, so that 5 工作日, -, 2021-02-05 and 1/2 stay what was typed.
constexpr std::string_view kStyles = R"(
<fonts count="4">
<font><sz val="11"/><name val="等线"/><family val="2"/></font>
<font><b/><sz val="14"/><name val="等线"/><family val="2"/></font>
<font><b/><sz val="11"/><name val="等线"/><family val="2"/></font>
<font><sz val="9"/><color rgb="FF666666"/><name val="等线"/><family val="2"/></font>
</fonts>
<fills count="6">
<fill><patternFill patternType="none"/></fill>
<fill><patternFill patternType="gray125"/></fill>
<fill><patternFill patternType="solid"><fgColor rgb="FFDCE6F1"/></patternFill></fill>
<fill><patternFill patternType="solid"><fgColor rgb="FFFDE9D9"/></patternFill></fill>
<fill><patternFill patternType="solid"><fgColor rgb="FFF2F2F2"/></patternFill></fill>
<fill><patternFill patternType="solid"><fgColor rgb="FFE2EFDA"/></patternFill></fill>
</fills>
<borders count="2">
<border><left/><right/><top/><bottom/><diagonal/></border>
<border><left style="thin"><color rgb="FFBFBFBF"/></left><right style="thin"><color rgb="FFBFBFBF"/></right>)"
                                     R"(<top style="thin"><color rgb="FFBFBFBF"/></top><bottom style="thin">)"
                                     R"(<color rgb="FFBFBFBF"/></bottom><diagonal/></border>
</borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
)";

struct Look {
  int font, fill, border;
  std::string_view align;
};
// In the order of CellStyle.
constexpr Look kLooks[] = {
    {0, 0, 0, "vertical=\"top\""},                           // plain
    {1, 0, 0, "vertical=\"center\""},                        // title
    {2, 4, 1, "horizontal=\"center\" vertical=\"center\""},  // policy
    {2, 2, 1, "vertical=\"center\" wrapText=\"1\""},         // input
    {2, 3, 1, "vertical=\"center\" wrapText=\"1\""},         // output
    {2, 4, 1, "vertical=\"center\" wrapText=\"1\""},         // remark
    {2, 5, 1, "vertical=\"center\" wrapText=\"1\""},         // clause
    {3, 0, 1, "vertical=\"top\" wrapText=\"1\""},            // small
    {3, 4, 1, "horizontal=\"center\" vertical=\"top\""},     // number
    {0, 0, 1, "vertical=\"top\" wrapText=\"1\""},            // rule
    {2, 4, 1, "vertical=\"center\""},                        // heading
};

std::string escaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '_' && i + 6 < text.size() && text[i + 1] == 'x' && text[i + 6] == '_') {
      out += "_x005F_";  // what looks like an escape of theirs
    } else if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') {
      constexpr char kHex[] = "0123456789ABCDEF";
      out += std::string("_x00") + kHex[c >> 4] + kHex[c & 15] + "_";
    } else {
      out += c;
    }
  }
  return out;
}

std::string styles() {
  std::string out = std::string(kHead) + "<styleSheet xmlns=\"" + std::string(kMain) + "\">" + std::string(kStyles);
  out += "<cellXfs count=\"" + std::to_string(std::size(kLooks)) + "\">\n";
  for (const Look& look : kLooks) {
    out += "<xf numFmtId=\"49\" fontId=\"" + std::to_string(look.font) + "\" fillId=\"" + std::to_string(look.fill) +
           "\" borderId=\"" + std::to_string(look.border) +
           "\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\" applyFill=\"1\" applyBorder=\"1\" " +
           "applyAlignment=\"1\"><alignment " + std::string(look.align) + "/></xf>\n";
  }
  return out + "</cellXfs>\n<cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/>" +
         "</cellStyles>\n</styleSheet>\n";
}

std::string quoted_sheet(const std::string& name) { return "'" + replace_all(name, "'", "''") + "'"; }

class WorkbookWriter {
 public:
  explicit WorkbookWriter(const std::vector<Sheet>& sheets) : sheets_(sheets) {}

  Result<std::string> run() {
    std::string types, sheets, links, names;
    for (size_t i = 0; i < sheets_.size(); ++i) {
      const std::string number = std::to_string(i + 1);
      const std::string path = "worksheets/sheet" + number + ".xml";
      parts_["xl/" + path] = sheet(sheets_[i], i == 0);
      types += "<Override PartName=\"/xl/" + path + "\" ContentType=\"" + std::string(kContent) + "worksheet+xml\"/>";
      sheets +=
          "<sheet name=\"" + escaped(sheets_[i].name) + "\" sheetId=\"" + number + "\" r:id=\"rId" + number + "\"/>";
      links += link("rId" + number, "worksheet", path);
      if (sheets_[i].frozen_rows > 0) {
        names += "<definedName name=\"_xlnm.Print_Titles\" localSheetId=\"" + std::to_string(i) + "\">" +
                 escaped(quoted_sheet(sheets_[i].name)) + "!$1:$" + std::to_string(sheets_[i].frozen_rows) +
                 "</definedName>";
      }
    }
    links += link("rIdStyles", "styles", "styles.xml") + link("rIdStrings", "sharedStrings", "sharedStrings.xml");
    const std::string package(kPackage);
    parts_["[Content_Types].xml"] =
        std::string(kHead) + "<Types xmlns=\"" + package +
        "content-types\"><Default Extension=\"rels\" ContentType=\"" +
        "application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" " +
        "ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"" +
        std::string(kContent) + "sheet.main+xml\"/>" + types + "<Override PartName=\"/xl/styles.xml\" ContentType=\"" +
        std::string(kContent) + "styles+xml\"/>" + "<Override PartName=\"/xl/sharedStrings.xml\" ContentType=\"" +
        std::string(kContent) + "sharedStrings+xml\"/></Types>\n";
    parts_["_rels/.rels"] = relations(link("rId1", "officeDocument", "xl/workbook.xml"));
    parts_["xl/_rels/workbook.xml.rels"] = relations(links);
    parts_["xl/workbook.xml"] = std::string(kHead) + "<workbook xmlns=\"" + std::string(kMain) + "\" xmlns:r=\"" +
                                std::string(kLinks) + "\"><sheets>" + sheets + "</sheets>" +
                                (names.empty() ? "" : "<definedNames>" + names + "</definedNames>") + "</workbook>\n";
    parts_["xl/styles.xml"] = styles();
    parts_["xl/sharedStrings.xml"] = strings();
    return pack(parts_);
  }

 private:
  static std::string link(const std::string& id, const std::string& type, const std::string& target) {
    return "<Relationship Id=\"" + id + "\" Type=\"" + std::string(kLinks) + "/" + type + "\" Target=\"" + target +
           "\"/>";
  }
  static std::string relations(const std::string& links) {
    return std::string(kHead) + "<Relationships xmlns=\"" + std::string(kPackage) + "relationships\">" + links +
           "</Relationships>\n";
  }

  std::string sheet(const Sheet& sheet, bool is_first) {
    std::string out =
        std::string(kHead) + "<worksheet xmlns=\"" + std::string(kMain) +
        "\"><sheetPr><pageSetUpPr fitToPage=\"1\"/></sheetPr><sheetViews><sheetView workbookViewId=\"0\"" +
        (is_first ? " tabSelected=\"1\">" : ">");
    if (sheet.frozen_rows > 0) {
      const std::string corner = cell_name(sheet.frozen_rows + 1, sheet.frozen_columns + 1);
      const std::string pane = sheet.frozen_columns > 0 ? "bottomRight" : "bottomLeft";
      out += "<pane " +
             (sheet.frozen_columns > 0 ? "xSplit=\"" + std::to_string(sheet.frozen_columns) + "\" " : std::string()) +
             "ySplit=\"" + std::to_string(sheet.frozen_rows) + "\" topLeftCell=\"" + corner + "\" activePane=\"" +
             pane + "\" state=\"frozen\"/><selection pane=\"" + pane + "\" activeCell=\"" + corner + "\" sqref=\"" +
             corner + "\"/>";
    }
    out += "</sheetView></sheetViews><sheetFormatPr defaultRowHeight=\"15\"/>";
    if (!sheet.widths.empty()) {
      out += "<cols>";
      for (size_t i = 0; i < sheet.widths.size(); ++i) {
        const std::string column = std::to_string(i + 1);
        // The style of the column makes what is typed below the table text too.
        out += "<col min=\"" + column + "\" max=\"" + column + "\" width=\"" + std::to_string(sheet.widths[i]) +
               "\" style=\"0\" customWidth=\"1\"/>";
      }
      out += "</cols>";
    }
    out += "<sheetData>";
    int row = 0;
    for (const auto& [place, cell] : sheet.cells) {
      if (place.first != row) {
        if (row != 0) out += "</row>";
        row = place.first;
        out += "<row r=\"" + std::to_string(row) +
               (cell.style == CellStyle::title ? "\" ht=\"26\" customHeight=\"1\">" : "\">");
      }
      out += "<c r=\"" + cell_name(place.first, place.second) + "\" s=\"" +
             std::to_string(static_cast<int>(cell.style)) + "\"";
      out += cell.text.empty() ? "/>" : " t=\"s\"><v>" + std::to_string(index_of(cell.text)) + "</v></c>";
    }
    if (row != 0) out += "</row>";
    out += "</sheetData>";
    if (!sheet.merged.empty()) {
      out += "<mergeCells count=\"" + std::to_string(sheet.merged.size()) + "\">";
      for (const Sheet::Area& area : sheet.merged)
        out += "<mergeCell ref=\"" + cell_name(area.first_row, area.first_column) + ":" +
               cell_name(area.last_row, area.last_column) + "\"/>";
      out += "</mergeCells>";
    }
    return out + "<pageSetup paperSize=\"9\" orientation=\"landscape\" fitToHeight=\"0\"/></worksheet>\n";
  }

  size_t index_of(const std::string& text) {
    ++uses_;
    const auto [found, is_new] = places_.try_emplace(text, texts_.size());
    if (is_new) texts_.push_back(&found->first);
    return found->second;
  }

  std::string strings() const {
    std::string out = std::string(kHead) + "<sst xmlns=\"" + std::string(kMain) + "\" count=\"" +
                      std::to_string(uses_) + "\" uniqueCount=\"" + std::to_string(texts_.size()) + "\">";
    for (const std::string* text : texts_) out += "<si><t xml:space=\"preserve\">" + escaped(*text) + "</t></si>";
    return out + "</sst>\n";
  }

  const std::vector<Sheet>& sheets_;
  ArchiveParts parts_;
  std::map<std::string, size_t> places_;
  std::vector<const std::string*> texts_;
  size_t uses_ = 0;
};

}  // namespace

Result<std::string> write_sheets(const std::vector<Sheet>& sheets) { return WorkbookWriter(sheets).run(); }

}  // namespace tongban::dmn
