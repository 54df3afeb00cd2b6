#include "pack/yaml.h"

#include <gtest/gtest.h>

#include "pack/files.h"

namespace tongban::pack {
namespace {

std::string codes(std::string_view text) {
  std::vector<Fault> faults;
  parse_yaml("x.yaml", text, faults);
  std::string out;
  for (const auto& fault : faults) out += std::to_string(fault.source.line) + ":" + fault.code + " ";
  return out;
}

TEST(Yaml, every_scalar_is_a_text_with_its_place) {
  std::vector<Fault> faults;
  const auto root = parse_yaml("x.yaml", "a: 0123\nb: [yes, 2021-01-01]\nc:\n  d: \"\"\n", faults);
  ASSERT_TRUE(root);
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(root->find("a")->text, "0123");
  EXPECT_EQ(root->find("b")->items[0].text, "yes");
  EXPECT_EQ(root->find("b")->items[1].source.line, 2);
  EXPECT_EQ(root->find("c")->find("d")->text, "");
  EXPECT_EQ(root->find("c")->find("d")->source.line, 4);
  EXPECT_EQ(root->find("c")->find("d")->column, 6);
  EXPECT_EQ(root->find("z"), nullptr);
}

TEST(Yaml, what_would_surprise_a_reader_is_refused) {
  EXPECT_EQ(codes("a: 1\na: 2\n"), "2:yaml-duplicate ");
  EXPECT_EQ(codes("a: &x 1\nb: *x\n"), "1:yaml-anchor 2:yaml-anchor ");
  EXPECT_EQ(codes("a: !t 1\n"), "1:yaml-tag ");
  EXPECT_EQ(codes("a:\nb: 1\n"), "1:yaml-empty ");
  EXPECT_EQ(codes("a: [b，c]\n"), "1:yaml-wide ");
  EXPECT_EQ(codes("a: {b：c}\n"), "1:yaml-wide ");
  EXPECT_EQ(codes("a: {reason: 需测绘, 东侧}\n"), "1:yaml-empty ");
  EXPECT_EQ(codes("a: [\n"), "2:yaml ");
  EXPECT_EQ(codes("? [a]\n: b\n"), "1:yaml-key ");
  EXPECT_EQ(codes(""), "1:yaml-empty ");
  EXPECT_EQ(codes("a: 1\n---\nb: 2\n"), "3:yaml ");
  EXPECT_EQ(codes("a: \xff\n"), "1:yaml ");
}

TEST(Yaml, full_width_marks_belong_to_quoted_items_and_to_prose) {
  EXPECT_EQ(codes("a: [\"b，c\"]\nb: 先派单，后办理：都要。\nc:\n  - 一，二\n"), "");
}

TEST(Yaml, depth_and_size_are_bounded) {
  EXPECT_EQ(codes("a: " + std::string(100, '[') + "x" + std::string(100, ']')), "1:yaml-bound ");
  EXPECT_EQ(codes(std::string(kYamlMaxBytes + 1, 'a')), "1:yaml-bound ");
  std::string many = "a: [";
  for (size_t i = 0; i < kYamlMaxNodes; ++i) many += "x,";
  EXPECT_EQ(codes(many + "x]"), "1:yaml-bound ");
}

TEST(Yaml, a_reader_of_a_map_names_every_key_it_does_not_know) {
  std::vector<Fault> faults;
  const auto root = parse_yaml("x.yaml", "title: a\ntitel: b\ntogether: 2\nn: x\nq: maybe\nl: {a: b}\n", faults);
  MapReader reader(*root, "thing", faults);
  EXPECT_EQ(reader.need_text("title"), "a");
  EXPECT_EQ(reader.need_text("id"), "");
  EXPECT_FALSE(reader.number("n"));
  EXPECT_FALSE(reader.yes_no("q"));
  EXPECT_TRUE(reader.texts("l").empty());
  reader.finish();
  std::string out;
  for (const auto& fault : faults) out += std::to_string(fault.source.line) + ":" + fault.code + " ";
  EXPECT_EQ(out, "1:missing 4:form 5:form 6:form 2:unknown-key 3:not-supported ");
}

TEST(Csv, quotes_comments_and_byte_order_mark) {
  std::vector<Fault> faults;
  const auto rows = parse_csv("x.csv", "\xef\xbb\xbfid,name\n# note\na,\"x, \"\"y\"\"\nz\"\r\nb,\n", faults);
  EXPECT_TRUE(faults.empty());
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1].cells[1], "x, \"y\"\nz");
  EXPECT_EQ(rows[2].cells, (std::vector<std::string>{"b", ""}));
  EXPECT_EQ(rows[2].source.line, 5);
  parse_csv("x.csv", "a,b\n1\n\"x\n", faults);
  EXPECT_EQ(faults.size(), 3u);
}

}  // namespace
}  // namespace tongban::pack
