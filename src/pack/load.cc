#include "pack/load.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "pack/compile.h"
#include "pack/files.h"
#include "pack/read.h"
#include "pack/yaml.h"

namespace tongban::pack {
namespace {

// Files of the pack's folder that are read as YAML and handed on.
class Loading {
 public:
  Loading(const std::string& directory, const Library& others, Loaded& loaded)
      : directory_(directory), label_(file_name(directory)), loaded_(loaded), context_{pack_, others, loaded.faults} {}

  bool read() {
    const auto root = yaml("pack.yaml");
    if (!root) return false;
    pack_.directory = directory_;
    read_pack_file(*root, context_);
    check_foundations(*root);
    const auto files = list_files(directory_);
    const auto has = [&](std::string_view name) { return std::find(files.begin(), files.end(), name) != files.end(); };
    if (has("clauses.yaml")) {
      if (const auto node = yaml("clauses.yaml")) read_clauses(*node, context_);
    }
    if (has("parameters.yaml")) {
      if (const auto node = yaml("parameters.yaml")) read_parameters(*node, context_);
    }
    if (has("conditions.md")) {
      if (const auto text = content("conditions.md")) read_conditions(label("conditions.md"), *text, context_);
    }
    for (const auto& name : files) {
      if (name.ends_with(".register.yaml")) {
        if (const auto node = yaml(name)) read_register(*node, directory_, label_, context_);
      }
    }
    for (const auto& name : files) {
      if (!name.ends_with(".table.md")) continue;
      if (const auto text = content(name)) read_table(name.substr(0, name.size() - 9), label(name), *text, context_);
    }
    for (const auto& name : list_files(join_path(directory_, "wording"))) {
      if (!name.ends_with(".md")) continue;
      const std::string path = "wording/" + name;
      if (const auto text = content(path)) read_letter(name.substr(0, name.size() - 3), label(path), *text, context_);
    }
    for (const auto& name : list_files(join_path(directory_, "text"))) read_article(name);
    for (const auto& name : files) {
      if (name.ends_with(".case.yaml")) {
        if (const auto node = yaml(name)) read_case(*node, context_);
      }
    }
    check_doubles();
    for (const auto& name : files) {
      const bool known = name == "pack.yaml" || name == "clauses.yaml" || name == "parameters.yaml" ||
                         name == "conditions.md" || name == "indicators.yaml" || name.ends_with(".case.yaml") ||
                         name.ends_with(".register.yaml") || name.ends_with(".table.md") ||
                         !(name.ends_with(".yaml") || name.ends_with(".yml"));
      if (!known)
        add_fault(loaded_.faults, {label(name), 1}, "unknown-file",
                  "No pack file has this name. Expected: pack.yaml, clauses.yaml, parameters.yaml, *.case.yaml, "
                  "*.register.yaml.");
    }
    return true;
  }

  Pack take() { return std::move(pack_); }
  Pack& pack() { return pack_; }

 private:
  std::string label(std::string_view name) const { return label_ + "/" + std::string(name); }

  std::optional<std::string> content(const std::string& name) {
    auto text = read_file(join_path(directory_, name));
    if (text.ok()) return std::move(*text);
    add_fault(loaded_.faults, {label(name), 1}, "missing-file", text.error().message);
    return std::nullopt;
  }

  std::optional<Node> yaml(const std::string& name) {
    const auto text = content(name);
    if (!text) return std::nullopt;
    return parse_yaml(label(name), *text, loaded_.faults);
  }

  // text/*.md: "## 第十三条（二）" and the article below it; or one file named by the clause.
  void read_article(const std::string& name) {
    if (!name.ends_with(".md")) return;
    const auto text = content("text/" + name);
    if (!text) return;
    std::string id = name.substr(0, name.size() - 3), body;
    const auto put = [&] {
      for (auto& clause : pack_.clauses) {
        if (clause.id == id && clause.text.empty()) clause.text = std::string(trim(body));
      }
    };
    for (const auto line : split(*text, '\n')) {
      if (line.starts_with("#")) {
        put();
        body.clear();
        id = std::string(trim(line.substr(
            line.find_first_not_of('#') == std::string_view::npos ? line.size() : line.find_first_not_of('#'))));
      } else {
        body += std::string(line) + "\n";
      }
    }
    put();
  }

  void check_foundations(const Node& root) {
    std::vector<std::string> known;
    for (const auto& other : context_.others.packs) known.push_back(other->id);
    const Node* node = root.find("builds_on");
    for (const auto& id : pack_.builds_on) {
      if (context_.others.find(id)) continue;
      const std::string near = nearest_word(id, known);
      add_fault(loaded_.faults, node ? node->source : root.source, "unknown-name",
                "builds_on: there is no pack `" + id + "` beside this one." +
                    (near.empty() ? "" : " Did you mean `" + near + "`?"));
    }
  }

  void check_doubles() {
    std::set<std::string> seen;
    const auto once = [&](const std::string& what, const std::string& id, const Source& source) {
      if (!seen.insert(what + " " + id).second)
        add_fault(loaded_.faults, source, "duplicate", "There are two of the name `" + id + "` (" + what + ").");
    };
    for (const auto& type : pack_.cases) once("case", type.id, type.source);
    for (const auto& reg : pack_.registers) once("register", reg.id, reg.source);
  }

  std::string directory_, label_;
  Loaded& loaded_;
  Pack pack_;
  ReadContext context_;
};

}  // namespace

std::shared_ptr<const Pack> Library::find(std::string_view id) const {
  for (auto it = packs.rbegin(); it != packs.rend(); ++it) {
    if ((*it)->id == id) return *it;
  }
  return nullptr;
}

const RegisterType* Library::find_register(const Pack& pack, std::string_view id) const {
  // Breadth first over what it builds on; each pack once, so circles end.
  std::set<std::string> seen{pack.id};
  std::vector<const Pack*> row{&pack};
  for (size_t i = 0; i < row.size(); ++i) {
    if (const RegisterType* reg = row[i]->find_register(id)) return reg;
    for (const auto& name : row[i]->builds_on) {
      const auto other = find(name);
      if (other && seen.insert(name).second) row.push_back(other.get());
    }
  }
  return nullptr;
}

Loaded load_pack(const std::string& directory, const Library& others, const Host& host) {
  Loaded loaded;
  Loading loading(directory, others, loaded);
  if (!loading.read()) {
    sort_faults(loaded.faults);
    return loaded;
  }
  compile_pack(loading.pack(), others, host, loaded.faults);
  loaded.pack = std::make_shared<const Pack>(loading.take());
  sort_faults(loaded.faults);
  return loaded;
}

LoadedLibrary load_library(const std::string& packs_directory, const Host& host) {
  LoadedLibrary result;
  struct Waiting {
    std::string directory;
    std::string id;
    std::vector<std::string> builds_on;
    Source source;
    bool done = false;
  };
  std::vector<Waiting> waiting;
  for (const auto& name : list_folders(packs_directory)) {
    const std::string directory = join_path(packs_directory, name);
    const auto text = read_file(join_path(directory, "pack.yaml"));
    if (!text.ok()) continue;
    std::vector<Fault> ignored;  // load_pack reports them
    const auto root = parse_yaml(name + "/pack.yaml", *text, ignored);
    if (!root) {
      auto loaded = load_pack(directory, result.content, host);
      result.faults.insert(result.faults.end(), loaded.faults.begin(), loaded.faults.end());
      continue;
    }
    Waiting w{directory, name, {}, root->source};
    if (const Node* id = root->find("pack"))
      w.id = id->text;
    else if (const Node* other_id = root->find("id"))
      w.id = other_id->text;
    if (const Node* builds_on = root->find("builds_on")) {
      if (builds_on->is_scalar()) w.builds_on.push_back(builds_on->text);
      for (const auto& item : builds_on->items) w.builds_on.push_back(item.text);
      w.source = builds_on->source;
    }
    waiting.push_back(std::move(w));
  }
  const auto load = [&](Waiting& w) {
    w.done = true;
    auto loaded = load_pack(w.directory, result.content, host);
    result.faults.insert(result.faults.end(), loaded.faults.begin(), loaded.faults.end());
    if (loaded.pack) result.content.packs.push_back(loaded.pack);
  };
  for (bool moved = true; moved;) {
    moved = false;
    for (auto& w : waiting) {
      if (w.done) continue;
      const bool blocked = std::any_of(w.builds_on.begin(), w.builds_on.end(), [&](const std::string& id) {
        return std::any_of(waiting.begin(), waiting.end(), [&](const Waiting& o) { return o.id == id && !o.done; });
      });
      if (blocked) continue;
      load(w);
      moved = true;
    }
  }
  for (auto& w : waiting) {
    if (w.done) continue;
    add_fault(result.faults, w.source, "pack-circle", "The pack `" + w.id + "` builds on itself, in a circle.");
    load(w);
  }
  sort_faults(result.faults);
  return result;
}

}  // namespace tongban::pack
