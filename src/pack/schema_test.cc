// The JSON Schemas for editors say what the loader says: our own packs, which load without faults, are valid by them.
// A small validator of the keywords that the schemas use; an unknown keyword fails the test.
#include <gtest/gtest.h>

#include <set>

#include "base/json.h"
#include "pack/files.h"
#include "pack/yaml.h"

namespace tongban::pack {
namespace {

class Validator {
 public:
  explicit Validator(const json::object& root) : root_(root) {}

  // Empty when valid, else what is wrong and where.
  std::string validate(const json::object& schema, const Node& node, int depth = 0) const {
    if (depth > 40) return "too deep";
    static const std::set<std::string_view> kKnown{
        "$schema",  "$id",   "$defs", "title", "description", "type",   "properties", "additionalProperties",
        "required", "items", "enum",  "anyOf", "$ref",        "pattern"};
    for (const auto& [key, value] : schema) {
      if (!kKnown.contains(std::string_view(key))) return "unknown keyword " + std::string(key);
    }
    const std::string where = node.source.file + ":" + std::to_string(node.source.line) + ": ";
    if (const auto ref = text_at(schema, "$ref"); !ref.empty()) {
      return validate(root_.at("$defs").as_object().at(ref.substr(ref.rfind('/') + 1)).as_object(), node, depth + 1);
    }
    if (const auto* any = find_member(schema, "anyOf")) {
      std::string last;
      for (const auto& one : any->as_array()) {
        last = validate(one.as_object(), node, depth + 1);
        if (last.empty()) return "";
      }
      return last;
    }
    if (const auto* values = find_member(schema, "enum")) {
      for (const auto& value : values->as_array()) {
        if (node.is_scalar() && value.is_string() && std::string_view(value.as_string()) == node.text) return "";
      }
      return where + "not one of the allowed words";
    }
    const auto* kinds = find_member(schema, "type");
    if (kinds && kinds->is_array()) {
      // All scalars are texts to us, but an editor reads 3 and true as what they look like: all three must be allowed.
      if (*kinds != json::value{"string", "number", "boolean"}) return where + "the schema forgets a kind of scalar";
      return node.is_scalar() ? "" : where + "must be a text";
    }
    const auto type = text_at(schema, "type");
    if (type == "string") return where + "the schema allows no unquoted number here";
    if (type == "array") {
      if (!node.is_list()) return where + "must be a list";
      for (const auto& item : node.items) {
        const auto fault = validate(schema.at("items").as_object(), item, depth + 1);
        if (!fault.empty()) return fault;
      }
      return "";
    }
    if (type != "object") return "";
    if (!node.is_map()) return where + "must be a map";
    if (const auto* required = find_member(schema, "required")) {
      for (const auto& key : required->as_array()) {
        if (!node.find(key.as_string())) return where + "misses " + std::string(key.as_string());
      }
    }
    for (const auto& entry : node.entries) {
      const auto* properties = find_member(schema, "properties");
      const json::value* child = properties ? find_member(properties->as_object(), entry.key) : nullptr;
      if (!child) child = find_member(schema, "additionalProperties");
      if (!child) continue;
      if (child->is_bool()) {
        if (!child->as_bool()) return where + "does not know " + entry.key;
        continue;
      }
      const auto fault = validate(child->as_object(), entry.value, depth + 1);
      if (!fault.empty()) return fault;
    }
    return "";
  }

 private:
  const json::object& root_;
};

void expect_valid(const std::string& schema_name, const std::string& file) {
  const auto text = read_file(std::string(TONGBAN_SOURCE_DIR) + "/docs/formats/schema/" + schema_name + ".schema.json");
  ASSERT_TRUE(text.ok());
  const auto schema = parse_json(*text);
  ASSERT_TRUE(schema.ok()) << schema_name;
  const auto yaml = read_file(file);
  ASSERT_TRUE(yaml.ok()) << file;
  std::vector<Fault> faults;
  for (const auto& node : parse_yaml_documents(file, *yaml, faults)) {
    EXPECT_EQ(Validator(schema->as_object()).validate(schema->as_object(), node), "") << schema_name;
  }
}

void expect_pack_valid(const std::string& directory) {
  for (const auto& name : list_files(directory)) {
    const std::string file = join_path(directory, name);
    if (name == "pack.yaml") expect_valid("pack", file);
    if (name == "clauses.yaml") expect_valid("clauses", file);
    if (name == "parameters.yaml") expect_valid("parameters", file);
    if (name.ends_with(".case.yaml")) expect_valid("case", file);
    if (name.ends_with(".register.yaml")) expect_valid("register", file);
  }
  for (const auto& name : list_files(join_path(directory, "scenarios"))) {
    if (name.ends_with(".yaml")) expect_valid("scenario", join_path(directory, "scenarios/" + name));
  }
}

TEST(Schema, our_packs_are_valid) {
  expect_pack_valid(std::string(TONGBAN_SOURCE_DIR) + "/tests/packs/small");
  expect_pack_valid(std::string(TONGBAN_SOURCE_DIR) + "/tests/packs/places");
  for (const auto& name : list_folders(std::string(TONGBAN_SOURCE_DIR) + "/packs")) {
    expect_pack_valid(std::string(TONGBAN_SOURCE_DIR) + "/packs/" + name);
  }
}

TEST(Schema, a_misspelt_key_is_not_valid) {
  const auto text = read_file(std::string(TONGBAN_SOURCE_DIR) + "/docs/formats/schema/case.schema.json");
  ASSERT_TRUE(text.ok());
  const auto schema = parse_json(*text);
  ASSERT_TRUE(schema.ok());
  std::vector<Fault> faults;
  const auto node = parse_yaml(
      "x", "case: a\ntitle: b\nnumber: {pattern: x}\nstates: {n: {titel: y}}\nopen: {title: z, by: a}\n", faults);
  EXPECT_EQ(Validator(schema->as_object()).validate(schema->as_object(), *node), "x:4: misses title");
}

}  // namespace
}  // namespace tongban::pack
