// Reading of one pack's files into model.h, before anything is compiled: used by load.cc only. Formulas hold their text
// and a placeholder; compile.h fills them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pack/fault.h"
#include "pack/load.h"
#include "pack/model.h"
#include "pack/yaml.h"

namespace tongban::pack {

// What every reader needs: where faults go, and how a basis is resolved.
struct ReadContext {
  Pack& pack;
  const Library& others;
  std::vector<Fault>& faults;
};

// An expression that gives null: stands where nothing is compiled (yet).
feel::Expression null_expression();
Formula make_formula(std::string text, Source source);

// The message of another folder as a sentence: with its full stop.
std::string sentence_of(std::string message);

// "第十三条（二）", "民法典 第二百零一条", "系统", with an optional end "解读 3". An unknown alias is a fault.
Basis read_basis_text(std::string_view text, const Source& source, ReadContext& context);
// The keys clause, parameter and reading of a map; `fallback` when none is there.
Basis read_basis(MapReader& reader, const Basis& fallback, ReadContext& context);

// `is: list of entry of units` into kind, list and reg. False for a text that is none.
bool read_kind(std::string_view text, Field& field);
std::string to_text(const Field& field);  // "list of entry of units"
// A cell or YAML text as a value of the field. Lists are separated by | (or ；).
Result<feel::Value> value_of_text(const Field& field, std::string_view text);

void read_portal(const Node& node, ReadContext& context);  // the key `portal` of pack.yaml
void read_pack_file(const Node& root, ReadContext& context);
void read_clauses(const Node& root, ReadContext& context);
void read_parameters(const Node& root, ReadContext& context);
void read_conditions(const std::string& file, std::string_view text, ReadContext& context);
void read_register(const Node& root, const std::string& directory, const std::string& label, ReadContext& context);
void read_table(const std::string& id, const std::string& file, std::string_view text, ReadContext& context);
void read_letter(const std::string& id, const std::string& file, std::string_view text, ReadContext& context);
void read_case(const Node& root, ReadContext& context);
// The keys of a case type that only pages read (read_pages.cc); after its states, clocks and actions.
void read_page_hints(MapReader& reader, CaseType& type, ReadContext& context);
void check_id(const std::string& id, const Source& source, std::string_view what, ReadContext& context);
Field read_field(const std::string& id, const Node& node, const Basis& fallback, ReadContext& context);

// The head of a Markdown file between two lines `---`: its YAML text (line numbers kept by the caller adding
// `first_line`), and the rest with its first line. No head: rest is everything.
struct Headed {
  std::string head;
  std::string rest;
  int head_line = 1;  // line of the first line of `head`
  int rest_line = 1;
  bool has_head = false;
};
Headed split_head(std::string_view text);

}  // namespace tongban::pack
