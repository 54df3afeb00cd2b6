// Loading of packs: files → immutable values (model.h), every formula, condition and table compiled. Reads only the
// named folder. All faults are collected; a pack with faults is returned as far as it could be read, for the checker
// and the printed manual, and must not be run (`ok()`).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "feel/feel.h"
#include "pack/fault.h"
#include "pack/model.h"
#include "pack/working_days.h"

namespace tongban::pack {

// What the host functions of formulas ask (unit_name, entry_name, working_days_after). Called from any thread during
// evaluation. Left empty: names come from the seed rows of the packs, and working days fail with a sentence.
struct Host {
  std::function<Result<feel::Value>(std::string_view reg, std::string_view id, const feel::EvalContext&)> entry_name;
  FindCalendar find_calendar;  // of the functions in working_days.h, and of working_days_after
  CountedSink counted;         // where they tell what they counted
};

// The functions that formulas have beside FEEL's own, with names and sentences, for the list of functions.
std::vector<feel::Function> host_functions(const Host& host);

// Loaded packs, in dependency order: each stands after those that it builds on.
struct Library {
  std::vector<std::shared_ptr<const Pack>> packs;
  std::shared_ptr<const Pack> find(std::string_view id) const;  // the last one of that id; null when absent
  // The register that `pack` sees under that name: its own, else of what it builds on, nearest first. nullptr: none.
  const RegisterType* find_register(const Pack& pack, std::string_view id) const;
};

struct Loaded {
  std::shared_ptr<const Pack> pack;  // null only when pack.yaml cannot be read at all
  std::vector<Fault> faults;         // sorted
  bool ok() const { return pack && faults.empty(); }
};

Loaded load_pack(const std::string& directory, const Library& others, const Host& host = {});

struct LoadedLibrary {
  Library content;
  std::vector<Fault> faults;  // of all packs; files are named with the pack's folder in front
  bool ok() const { return faults.empty(); }
};
// Every sub-folder with a pack.yaml. A circle of `builds_on`, and a pack that is missing, are faults. Packs with faults
// are in the library too, so that those that build on them can be read.
LoadedLibrary load_library(const std::string& packs_directory, const Host& host = {});

// The FEEL type of a field's value (also of an entry of a list).
feel::Type type_of(const Field& field);

}  // namespace tongban::pack
