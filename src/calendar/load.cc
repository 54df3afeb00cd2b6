#include "calendar/load.h"

#include <yaml.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <map>
#include <set>
#include <sstream>

#include "base/text.h"

namespace tongban::calendar {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;
constexpr std::string_view kFixedFile = "fixed_holidays.yaml";

class Faults {
 public:
  void add(const std::string& file, size_t line, std::string_view sentence) {
    lines_.push_back(file + ":" + std::to_string(line) + ": " + std::string(sentence));
  }
  bool empty() const { return lines_.empty(); }
  std::string text() const { return join(lines_, "\n"); }

 private:
  std::vector<std::string> lines_;
};

std::string in_quotes(std::string_view text) { return "\"" + std::string(text.substr(0, 80)) + "\""; }

// libyaml takes time quadratic in the depth of nesting, so the depth is looked at before the tree is built.
bool is_too_deep(const std::string& text) {
  constexpr int kMaxDepth = 8;
  yaml_parser_t parser;
  if (yaml_parser_initialize(&parser) == 0) return false;
  yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  int depth = 0;
  for (bool more = true; more && depth <= kMaxDepth;) {
    yaml_event_t event;
    if (yaml_parser_parse(&parser, &event) == 0) break;  // no YAML: the reading proper says where
    if (event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_MAPPING_START_EVENT) ++depth;
    if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT) --depth;
    more = event.type != YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  return depth > kMaxDepth;
}

// One parsed YAML file. libyaml resolves aliases to shared nodes, so a tree may hold cycles; the formats read here have
// a fixed depth and follow none.
class YamlFile {
 public:
  YamlFile(std::string label, const std::string& text, Faults& faults) : label_(std::move(label)), faults_(faults) {
    if (is_too_deep(text)) {
      fault(1, "The file nests lists and keys deeper than any calendar needs.");
      return;
    }
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0) {
      fault(1, "There is not enough memory to read the file.");
      return;
    }
    yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    if (yaml_parser_load(&parser, &document_) == 0) {
      const char* problem = parser.problem == nullptr ? "the text is no YAML" : parser.problem;
      fault(parser.problem_mark.line + 1, "The file is no YAML: " + std::string(problem) + ".");
    } else {
      loaded_ = true;
      yaml_document_t next;
      if (yaml_parser_load(&parser, &next) == 0) {
        fault(parser.problem_mark.line + 1, "What follows the first document is no YAML.");
      } else {
        if (yaml_document_get_root_node(&next) != nullptr) fault(1, "The file holds more than one document; keep one.");
        yaml_document_delete(&next);
      }
    }
    yaml_parser_delete(&parser);
  }
  ~YamlFile() {
    if (loaded_) yaml_document_delete(&document_);
  }
  YamlFile(const YamlFile&) = delete;
  YamlFile& operator=(const YamlFile&) = delete;

  const yaml_node_t* root() { return loaded_ ? yaml_document_get_root_node(&document_) : nullptr; }
  const yaml_node_t* node(int index) { return yaml_document_get_node(&document_, index); }
  void fault(size_t line, const std::string& sentence) { faults_.add(label_, line, sentence); }
  void fault(const yaml_node_t* node, const std::string& sentence) { fault(line_of(node), sentence); }
  static size_t line_of(const yaml_node_t* node) { return node->start_mark.line + 1; }
  const std::string& label() const { return label_; }

 private:
  std::string label_;
  Faults& faults_;
  yaml_document_t document_{};
  bool loaded_ = false;
};

// The keys of one mapping, each known and written once.
class Mapping {
 public:
  Mapping(YamlFile& file, const yaml_node_t* node, std::string what, std::initializer_list<std::string_view> known)
      : file_(file), node_(node), what_(std::move(what)) {
    if (node == nullptr || node->type != YAML_MAPPING_NODE) {
      file.fault(node == nullptr ? 1 : YamlFile::line_of(node), what_ + " is written as keys and values.");
      node_ = nullptr;
      return;
    }
    for (const yaml_node_pair_t* pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; ++pair) {
      const yaml_node_t* key = file.node(pair->key);
      if (key->type != YAML_SCALAR_NODE) {
        file.fault(key, "A key is one word.");
        continue;
      }
      const std::string name(reinterpret_cast<const char*>(key->data.scalar.value), key->data.scalar.length);
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        file.fault(key, what_ + " has no key " + in_quotes(name) + "; it has " + list(known) + ".");
      } else if (!values_.emplace(name, file.node(pair->value)).second) {
        file.fault(key, "The key " + in_quotes(name) + " stands there twice.");
      }
    }
  }
  bool ok() const { return node_ != nullptr; }
  const yaml_node_t* find(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? nullptr : found->second;
  }
  const yaml_node_t* get(const std::string& key) {
    if (node_ == nullptr) return nullptr;
    const yaml_node_t* value = find(key);
    if (value == nullptr) file_.fault(node_, what_ + " needs the key " + in_quotes(key) + ".");
    return value;
  }
  size_t line(const std::string& key) const {
    const yaml_node_t* value = find(key);
    return value != nullptr ? YamlFile::line_of(value) : node_ != nullptr ? YamlFile::line_of(node_) : 1;
  }

 private:
  static std::string list(std::initializer_list<std::string_view> known) {
    return join(std::vector<std::string>(known.begin(), known.end()), ", ");
  }

  YamlFile& file_;
  const yaml_node_t* node_;
  std::string what_;
  std::map<std::string, const yaml_node_t*> values_;
};

std::optional<std::string> read_text(YamlFile& file, const yaml_node_t* node, std::string_view what) {
  if (node == nullptr) return std::nullopt;
  if (node->type != YAML_SCALAR_NODE || node->data.scalar.length == 0) {
    file.fault(node, std::string(what) + " is a text.");
    return std::nullopt;
  }
  std::string text(reinterpret_cast<const char*>(node->data.scalar.value), node->data.scalar.length);
  return text;
}

std::optional<Date> read_date(YamlFile& file, const yaml_node_t* node, std::string_view what) {
  const std::optional<std::string> text = read_text(file, node, what);
  if (!text) return std::nullopt;
  const Result<Date> date = parse_date(*text);
  if (date.ok()) return *date;
  file.fault(node, std::string(what) + ": " + date.error().message);
  return std::nullopt;
}

std::optional<int32_t> read_year(YamlFile& file, const yaml_node_t* node, std::string_view what) {
  const std::optional<std::string> text = read_text(file, node, what);
  if (!text) return std::nullopt;
  int32_t year = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), year);
  if (text->size() == 4 && error == std::errc() && end == text->data() + 4 && year >= 1000) return year;
  file.fault(node, std::string(what) + " is a year of four digits, not " + in_quotes(*text) + ".");
  return std::nullopt;
}

const yaml_node_t* read_list(YamlFile& file, const yaml_node_t* node, std::string_view what) {
  if (node == nullptr) return nullptr;
  if (node->type == YAML_SEQUENCE_NODE && node->data.sequence.items.start != node->data.sequence.items.top) return node;
  file.fault(node, std::string(what) + " is a list with at least one row.");
  return nullptr;
}

template <class Visit>
void for_each_item(YamlFile& file, const yaml_node_t* list, Visit visit) {
  if (list == nullptr) return;
  const auto& items = list->data.sequence.items;
  for (const yaml_node_item_t* item = items.start; item < items.top; ++item) visit(file.node(*item));
}

// A row is [2021-02-07, work, 春节].
std::optional<NoticeDay> read_day(YamlFile& file, const yaml_node_t* row) {
  if (row->type != YAML_SEQUENCE_NODE || row->data.sequence.items.top - row->data.sequence.items.start != 3) {
    file.fault(row, "A day is a row of three: date, off or work, holiday.");
    return std::nullopt;
  }
  const yaml_node_item_t* items = row->data.sequence.items.start;
  const std::optional<Date> date = read_date(file, file.node(items[0]), "The date");
  const std::optional<std::string> kind = read_text(file, file.node(items[1]), "The kind of the day");
  const std::optional<std::string> name = read_text(file, file.node(items[2]), "The holiday");
  if (kind && *kind != "off" && *kind != "work") {
    file.fault(row, "A day is off or work, not " + in_quotes(*kind) + ".");
    return std::nullopt;
  }
  if (!date || !kind || !name) return std::nullopt;
  return NoticeDay{*date, *kind == "off", *name};
}

struct ReadNotice {
  Notice notice;
  std::string label;
  size_t year_line = 1;
};

void read_days(YamlFile& file, const yaml_node_t* list, Notice& notice) {
  std::optional<Date> last;
  for_each_item(file, list, [&](const yaml_node_t* row) {
    const std::optional<NoticeDay> day = read_day(file, row);
    if (!day) return;
    if (last && day->date == *last) file.fault(row, to_text(day->date) + " stands there twice.");
    if (last && day->date < *last)
      file.fault(row, to_text(day->date) + " stands after a later day; keep the days in order.");
    const YearMonthDay civil = day->date.civil();
    if (notice.year != 0 && civil.year != notice.year && !(civil.year == notice.year - 1 && civil.month == 12)) {
      file.fault(row,
                 to_text(day->date) + " is neither in " + std::to_string(notice.year) + " nor in the December before.");
    }
    last = last ? std::max(*last, day->date) : day->date;
    notice.days.push_back(*day);
  });
}

// The id says what the file is: 2020, or 2020-amendment-1 (2, 3 …); the file has its name.
void check_id(YamlFile& file, const Mapping& mapping, const std::string& stem, const Notice& notice) {
  if (notice.id != stem) {
    file.fault(mapping.line("notice"), "The notice " + in_quotes(notice.id) + " stands in the file " +
                                           in_quotes(stem + ".yaml") + "; give both the same name.");
    return;
  }
  const std::string year = std::to_string(notice.year);
  const std::string start = year + "-amendment-";
  const bool fits = notice.amendment
                        ? notice.id.size() == start.size() + 1 && notice.id.compare(0, start.size(), start) == 0 &&
                              notice.id.back() >= '1' && notice.id.back() <= '9'
                        : notice.id == year;
  if (!fits) {
    file.fault(
        mapping.line("notice"),
        "A " + std::string(notice.amendment ? "change of the notice for " : "notice for ") + year + " is called " +
            (notice.amendment ? in_quotes(start + "1") + " to " + in_quotes(start + "9") : in_quotes(year)) + ".");
  }
}

ReadNotice read_notice(YamlFile& file, const std::string& stem) {
  ReadNotice read{.notice = {}, .label = file.label()};
  Notice& notice = read.notice;
  const yaml_node_t* root = file.root();
  Mapping mapping(file, root, "A notice",
                  {"notice", "year", "kind", "number", "published", "published_rests_on", "source", "days"});
  if (!mapping.ok()) return read;
  read.year_line = mapping.line("year");
  const std::optional<std::string> id = read_text(file, mapping.get("notice"), "The notice's name");
  const std::optional<int32_t> year = read_year(file, mapping.get("year"), "The year");
  const std::optional<std::string> kind = read_text(file, mapping.get("kind"), "The kind");
  const std::optional<Date> published = read_date(file, mapping.get("published"), "The day of publication");
  notice.url = read_text(file, mapping.get("source"), "The source").value_or("");
  if (!notice.url.starts_with("http")) notice.url.clear();  // a source may also be described in words
  if (const yaml_node_t* node = mapping.find("published_rests_on")) read_text(file, node, "What the day rests on");
  if (const yaml_node_t* node = mapping.find("number"))
    notice.number = read_text(file, node, "The number").value_or("");
  if (kind && *kind != "yearly" && *kind != "amendment") {
    file.fault(mapping.line("kind"), "The kind is yearly or amendment, not " + in_quotes(*kind) + ".");
  }
  notice.id = id.value_or("");
  notice.year = year.value_or(0);
  notice.amendment = kind.value_or("") == "amendment";
  notice.published = published.value_or(Date{});
  if (id && year && kind) check_id(file, mapping, stem, notice);
  if (year && (*year < 1900 || *year > 2400)) file.fault(read.year_line, "The year lies outside 1900 to 2400.");
  read_days(file, read_list(file, mapping.get("days"), "The key \"days\""), notice);
  return read;
}

struct FixedFile {
  std::string name;
  std::vector<FixedHoliday> holidays;
};

// 05-01, on a day of every year (2001 is no leap year).
std::optional<YearMonthDay> read_month_and_day(YamlFile& file, const yaml_node_t* node) {
  const std::optional<std::string> text = read_text(file, node, "The date");
  if (!text) return std::nullopt;
  const Result<Date> date = parse_date("2001-" + *text);
  if (date.ok()) return date->civil();
  file.fault(node, in_quotes(*text) + " is no day of every year; write month and day as 05-01.");
  return std::nullopt;
}

void read_fixed_holiday(YamlFile& file, const yaml_node_t* row, FixedFile& read) {
  Mapping mapping(file, row, "A fixed holiday", {"date", "name", "from", "until", "clause", "version"});
  if (!mapping.ok()) return;
  const std::optional<YearMonthDay> day = read_month_and_day(file, mapping.get("date"));
  const std::optional<std::string> name = read_text(file, mapping.get("name"), "The name");
  const std::optional<int32_t> from = read_year(file, mapping.get("from"), "The first year");
  std::optional<int32_t> until = 9999;
  if (const yaml_node_t* node = mapping.find("until")) until = read_year(file, node, "The last year");
  read_text(file, mapping.get("clause"), "The clause");
  read_date(file, mapping.get("version"), "The version of the law");
  if (!day || !name || !from || !until) return;
  if (*until < *from) {
    file.fault(mapping.line("until"), "The holiday ends before it begins.");
    return;
  }
  for (const FixedHoliday& other : read.holidays) {
    if (other.month == day->month && other.day == day->day && other.from_year <= *until && *from <= other.to_year) {
      file.fault(row, "The holiday stands on the same day as " + in_quotes(other.name) + " in the same years.");
    }
  }
  read.holidays.push_back({day->month, day->day, *from, *until, *name});
}

FixedFile read_fixed(YamlFile& file) {
  FixedFile read;
  Mapping mapping(file, file.root(), "The file of fixed holidays", {"calendar", "law", "versions", "holidays"});
  if (!mapping.ok()) return read;
  read.name = read_text(file, mapping.get("calendar"), "The calendar's name").value_or("");
  read_text(file, mapping.get("law"), "The law's title");
  for_each_item(file, read_list(file, mapping.get("versions"), "The key \"versions\""), [&](const yaml_node_t* row) {
    Mapping version(file, row, "A version of the law", {"amended", "text"});
    if (!version.ok()) return;
    read_date(file, version.get("amended"), "The day of the amendment");
    read_text(file, version.get("text"), "Whether the text was seen");
  });
  for_each_item(file, read_list(file, mapping.get("holidays"), "The key \"holidays\""),
                [&](const yaml_node_t* row) { read_fixed_holiday(file, row, read); });
  return read;
}

// Editions::make checks the same, but cannot name the lines.
void check_together(const std::vector<ReadNotice>& reads, Faults& faults) {
  std::set<int32_t> years;
  for (const ReadNotice& read : reads) {
    const Notice& notice = read.notice;
    const std::string year = std::to_string(notice.year);
    if (notice.amendment) {
      if (years.count(notice.year) == 0) {
        faults.add(read.label, read.year_line,
                   "It changes " + year + ", but no notice published before arranges that year.");
      }
      continue;
    }
    if (!years.empty() && years.count(notice.year - 1) == 0) {
      faults.add(read.label, read.year_line,
                 "No notice published before arranges the year before " + year + "; a year left out would be guessed.");
    }
    years.insert(notice.year);
  }
  if (years.empty())
    faults.add(reads.empty() ? std::string(kFixedFile) : reads[0].label, 1, "There is no yearly notice.");
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  if (stream) stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.eof() && !stream) return fail(Trouble::io, "The file " + path + " cannot be read.");
  text.resize(static_cast<size_t>(stream.gcount()));
  if (text.size() > kMaxFileBytes) return fail(Trouble::invalid_input, path + ":1: The file is larger than 1 MiB.");
  return text;
}

Result<std::vector<std::string>> list_files(const std::string& directory) {
  std::error_code error;
  std::filesystem::directory_iterator entries(directory, error);
  if (error) {
    return fail(Trouble::not_found,
                "The folder of the calendar's notices " + directory + " cannot be opened: " + error.message() + ".");
  }
  std::vector<std::string> names;
  for (; entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    std::string name = entries->path().filename().string();
    if (name[0] != '.') names.push_back(std::move(name));
  }
  // A reading that breaks off ends the loop as the last file does.
  if (error) return fail(Trouble::io, "The folder " + directory + " cannot be read: " + error.message() + ".");
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Result<Editions> load_editions(const std::string& directory) {
  Faults faults;
  FixedFile fixed;
  bool has_fixed = false;
  std::vector<ReadNotice> reads;
  for (const std::string& name : TRY(list_files(directory))) {
    const std::string path = (std::filesystem::path(directory) / name).string();
    if (!name.ends_with(".yaml")) {
      faults.add(path, 1, "Only .yaml files stand in this folder.");
      continue;
    }
    const std::string text = TRY(read_file(path));
    YamlFile file(path, text, faults);
    if (file.root() == nullptr && !faults.empty()) continue;  // it is no YAML, and that was said
    if (name == kFixedFile) {
      fixed = read_fixed(file);
      has_fixed = true;
    } else {
      reads.push_back(read_notice(file, name.substr(0, name.size() - 5)));
    }
  }
  if (!has_fixed && faults.empty()) {
    faults.add((std::filesystem::path(directory) / kFixedFile).string(), 1, "The file of fixed holidays is missing.");
  }
  // By publication; a change after what it changes on the same day.
  std::stable_sort(reads.begin(), reads.end(), [](const ReadNotice& a, const ReadNotice& b) {
    return std::tie(a.notice.published, a.notice.amendment, a.notice.id) <
           std::tie(b.notice.published, b.notice.amendment, b.notice.id);
  });
  if (faults.empty()) check_together(reads, faults);  // sorting needs every date to be right
  if (!faults.empty()) return fail(Trouble::invalid_input, faults.text());
  std::vector<Notice> notices;
  for (ReadNotice& read : reads) notices.push_back(std::move(read.notice));
  return Editions::make(std::move(fixed.name), std::move(notices), std::move(fixed.holidays));
}

}  // namespace tongban::calendar
