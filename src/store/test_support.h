// Helpers of the store's tests: a folder that goes away, events with an envelope, random transactions.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "store/store.h"

namespace tongban::store::testing {

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tongban_store_XXXXXX").string();
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string path(const std::string& name = "") const { return name.empty() ? path_ : path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}
inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline Id id_of(uint64_t number, uint8_t kind = 1) {
  Id id;
  id.bytes[0] = kind;
  for (int i = 0; i < 8; ++i) id.bytes[8 + i] = static_cast<uint8_t>(number >> (56 - 8 * i));
  return id;
}

// An event as the kernel begins it: format, type, stream, version; then some body.
inline std::string make_event(const Id& stream, uint64_t version, const std::string& body) {
  ByteWriter writer;
  writer.put_byte(1);
  writer.put_byte(static_cast<uint8_t>(1 + version % 7));
  writer.put_id(stream);
  writer.put_unsigned(version);
  writer.put_raw(body);
  return writer.take();
}

inline StreamAppend make_append(const Id& stream, uint64_t expected_version, int count, const std::string& body) {
  StreamAppend append{.stream = stream, .expected_version = expected_version};
  for (int i = 1; i <= count; ++i)
    append.events.push_back(make_event(stream, expected_version + static_cast<uint64_t>(i), body + std::to_string(i)));
  return append;
}

// Random transactions over few cases, holders, words and keys, so that they meet each other. The generator knows the
// versions it has caused, and sometimes lies about them.
class RandomHistory {
 public:
  explicit RandomHistory(uint64_t seed) : random_(seed) {}

  Transaction next() {
    Transaction t;
    const int appends = below(8) == 0 ? 2 : below(6) == 0 ? 0 : 1;
    for (int i = 0; i < appends; ++i) {
      const Id stream = id_of(below(40));
      const uint64_t version = versions_[stream];
      const bool lie = below(15) == 0;
      t.appends.push_back(make_append(stream, lie ? version + 1 : version, 1 + below(3), text(below(300))));
    }
    for (int i = below(3); i > 0; --i) t.views.cases.push_back(case_row());
    for (int i = below(3); i > 0; --i) {
      const Id id = id_of(below(40));
      ViewChanges::Inbox inbox{id, {}};
      for (int k = below(5); k > 0; --k) {
        inbox.rows.push_back({.case_id = id,
                              .holder = holder(),
                              .relation = relation(),
                              .to_act = below(2) == 0,
                              .open = below(3) > 0,
                              .due_at = maybe_instant(),
                              .opened_at = instant()});
      }
      t.views.inboxes.push_back(std::move(inbox));
    }
    for (int i = below(3); i > 0; --i) {
      const Id id = id_of(below(40));
      ViewChanges::Clocks clocks{id, {}};
      for (int k = below(4); k > 0; --k) {
        const Date from{below(50)};
        clocks.rows.push_back({.case_id = id,
                               .clock = static_cast<uint32_t>(below(4)),
                               .name = text(5),
                               .wake_at = maybe_instant(),
                               .due_at = maybe_instant(),
                               .provisional = below(2) == 0,
                               .depends_from = from,
                               .depends_to = from + below(10)});
      }
      t.views.clocks.push_back(std::move(clocks));
    }
    if (below(4) == 0)
      t.views.registers.push_back(
          {"units", std::to_string(below(5)), static_cast<uint32_t>(below(9)), text(below(50))});
    if (below(4) == 0) t.views.person_hashes.push_back({hash(), id_of(below(5), 2), id_of(below(40))});
    for (int i = below(3); i > 0; --i) t.views.search.push_back({id_of(below(40)), words(below(6))});
    if (below(3) == 0) {
      t.outbox.push_back({.id = id_of(below(30), 3),
                          .case_id = id_of(below(40)),
                          .position = static_cast<uint64_t>(below(9)),
                          .kind = "message",
                          .body = text(below(40)),
                          .not_before = instant(),
                          .attempts = static_cast<uint32_t>(below(3))});
    }
    if (below(5) == 0) t.outbox_done.push_back(id_of(below(30), 3));
    if (below(3) == 0) {
      t.idempotency = IdempotencyRow{.actor = holder(),
                                     .key = std::to_string(below(400)),
                                     .body_hash = sha256(text(3)),
                                     .status = 200 + below(5),
                                     .response = text(below(60)),
                                     .at = instant()};
    }
    if (below(3) == 0) t.audit.push_back({id_of(below(40)), instant(), holder(), "unit", "purpose", text(4)});
    if (below(4) == 0) t.records.push_back({"account", std::to_string(below(6)), text(below(30))});
    if (below(8) == 0) t.records_removed.emplace_back("account", std::to_string(below(6)));
    if (below(4) == 0) t.counters.emplace_back("counter" + std::to_string(below(3)), below(1000));
    return t;
  }
  void settle_versions(const Store& store) {  // after a batch
    versions_.clear();
    for (int i = 0; i < 40; ++i) versions_[id_of(i)] = store.load_stream(id_of(i))->size();
  }

  CaseQuery query() {
    CaseQuery q;
    if (below(2) == 0) {
      q.holder = holder();
      if (below(2) == 0) q.to_act = below(2) == 0;
      if (below(3) == 0) q.relation = relation();
    }
    if (below(2) == 0) q.open = below(2) == 0;
    if (below(4) == 0) q.type = type();
    if (below(4) == 0) q.states = {state(), state()};
    if (below(5) == 0) q.late = below(2) == 0;
    if (below(8) == 0) q.person = id_of(below(5), 2);
    if (below(5) == 0) q.due_before = instant();
    if (below(5) == 0) q.due_from = instant();
    if (below(6) == 0) q.opened_from = instant();
    if (below(6) == 0) q.opened_before = instant();
    if (below(6) == 0) q.number_prefix = "N" + std::to_string(below(3));
    if (below(4) == 0) q.words = words(1 + below(2));
    if (below(6) == 0) q.among = {id_of(below(40)), id_of(below(40)), id_of(below(60)), id_of(below(40))};
    q.sort = static_cast<Sort>(below(3));
    q.limit = static_cast<uint32_t>(1 + below(7));
    return q;
  }
  int below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  Instant instant() { return Instant{below(20) * 1000}; }
  std::string holder() { return "unit:" + std::to_string(below(4)); }
  Hash hash() { return sha256(std::to_string(below(4))); }

 private:
  std::optional<Instant> maybe_instant() { return below(3) == 0 ? std::nullopt : std::optional(instant()); }
  std::string relation() { return below(2) == 0 ? "lead" : "support"; }
  std::string type() { return below(2) == 0 ? "hotline/request" : "lost/item"; }
  std::string state() { return std::array{"registered", "handling", "closed"}[static_cast<size_t>(below(3))]; }
  std::string text(int size) {
    std::string text;
    for (int i = 0; i < size; ++i) text += static_cast<char>(random_());
    return text;
  }
  std::string words(int count) {
    static constexpr const char* kWords[] = {"社保", "公租", "租房",  "房屋", "Ab", "ab",  "漏水",
                                             "a\"b", "低保", "x.y-z", "ÉÀ",   "éà", "NOT", "12345"};
    std::string words;
    for (int i = 0; i < count; ++i) words += (words.empty() ? "" : " ") + std::string(kWords[below(14)]);
    return words;
  }
  CaseRow case_row() {
    CaseRow row{.case_id = id_of(below(40)),
                .type = type(),
                .edition = "1",
                .state = state(),
                .open = below(3) > 0,
                .opened_at = instant(),
                .changed_at = instant(),
                .closed_at = maybe_instant(),
                .due_at = maybe_instant(),
                .due_clock = text(3),
                .due_provisional = below(2) == 0,
                .late = below(3) == 0,
                .held_by = "handler",
                .list_fields = text(below(60)),
                .person = id_of(below(5), 2),
                .version = static_cast<uint64_t>(below(9))};
    // Mostly the number of its own case, sometimes one that another case may hold.
    if (below(4) > 0) row.number = "N" + std::to_string(below(20) == 0 ? below(40) : row.case_id.bytes[15]);
    return row;
  }

  std::mt19937_64 random_;
  std::map<Id, uint64_t> versions_;
};

}  // namespace tongban::store::testing
