// How rows of another system become cases: a YAML file beside the pack (packs/…/import/*.yaml), readable by the
// officials who answer for it. It names the source's fields, computes values by tables of words, and says which acts a
// row stands for and when each happened. Everything the source does not carry is decided here, in the open, and written
// as a note into each case.
//
//   mapping: gov_messages
//   title: …
//   case: hotline-12345/request
//   source: {id: id, opened: time, done: reply_time}
//   notes: [ … ]                     # readings that hold for every row; go into each case's note
//   values:
//     - {value: kind, read: [title], rows: [{words: [咨询], is: consultation}], otherwise: help}
//     - {value: division, find: {A1区: "500103"}, read: [title, text], none: "500000", several: "500000"}
//     - {value: scope, count_of: division, none: complex, one: local, several: complex}
//     - {value: phone, digits_of: user, prefix: "000"}
//     - {value: answer, text: "{reply}", longest: 5000}
//   steps:
//     - {does: open, who: system, at: opened, with: {title: $short, kind: $kind}}
//     - {does: dispatch, at: opened, unless_suggested: {lead: city-civil}}
//     - {does: reply, at: done, with: {answer: $answer, told_at: $done}}
//   report: {clock: handling, class: kind}
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/date.h"
#include "base/json.h"
#include "base/result.h"
#include "feel/value.h"
#include "pack/fault.h"

namespace tongban::facility {

struct MappedValue {
  std::string name, title;
  enum class How { words, find, count, digits, text } how = How::text;
  std::vector<std::string> read;                                       // words, find
  std::vector<std::pair<std::vector<std::string>, std::string>> rows;  // words → value; the first that occurs
  std::string otherwise;                                               // words
  std::vector<std::pair<std::string, std::string>> names;              // find
  std::string none, one, several;                                      // find (one: the name's value), count
  std::string of;                                                      // count: a find value; digits: a source field
  std::string prefix;                                                  // digits
  std::string text;                                                    // with {source field} and $value
  int64_t longest = 0;                                                 // characters; longer is cut and marked. 0: any
};
struct MappedStep {
  std::string does, who;  // who: "", system, caller, anyone
  bool at_done = false;
  std::vector<std::pair<std::string, std::string>> with, unless_suggested;
};
struct Mapping {
  std::string name, title, pack, type;
  std::string id_field, opened_field, done_field;
  std::vector<std::string> notes;
  std::vector<MappedValue> values;
  std::vector<MappedStep> steps;
  std::string report_clock, report_class;
};

// Every fault is added; an empty result when the file cannot be read.
std::optional<Mapping> read_mapping(const std::string& file, std::vector<pack::Fault>& faults);

// A row with its values: those of the source as text, those of the mapping with the reason for each.
struct MappedRow {
  std::string id;
  Instant opened, done;
  std::vector<std::pair<std::string, std::string>> values;  // by value name; also opened and done as instants
  std::vector<std::string> reasons;                         // one sentence a value that was judged
  const std::string* find(std::string_view name) const;
};
// Fails (invalid_input) with the reason why the row cannot be taken.
Result<MappedRow> map_row(const Mapping& mapping, const json::object& source);
// The form of a step: `$name` is a value, everything else stands as written.
std::vector<std::pair<std::string, feel::Value>> form_of(const std::vector<std::pair<std::string, std::string>>& with,
                                                         const MappedRow& row);

}  // namespace tongban::facility
