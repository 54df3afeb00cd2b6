#include "facility/import/import.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <unordered_set>

#include "base/text.h"
#include "facility/import/candidates.h"
#include "facility/import/rows.h"
#include "kernel/explain.h"

namespace tongban::facility {
namespace {

using engine::Request;

constexpr size_t kMostActs = 50'000'000;
constexpr std::string_view kMarkKind = "import";

// One act of one row, for sorting.
struct Planned {
  int64_t at_ms = 0;
  uint64_t offset = 0;  // of the row in the spool
  uint32_t row = 0;
  uint32_t step = 0;
};

// Rows as JSON lines in a file that has no name any more, so that nothing of it stays behind.
class Spool {
 public:
  static Result<std::unique_ptr<Spool>> make(const std::string& path) {
    std::FILE* file = std::fopen(path.c_str(), "w+b");
    if (!file) return fail(Trouble::io, "The spool file " + path + " cannot be made: " + std::strerror(errno) + ".");
    std::remove(path.c_str());
    return std::unique_ptr<Spool>(new Spool(file));
  }
  ~Spool() { std::fclose(file_); }
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  Result<uint64_t> add(const std::string& line) {
    const uint64_t offset = size_;
    const uint32_t length = static_cast<uint32_t>(line.size());
    if (std::fwrite(&length, sizeof length, 1, file_) != 1 ||
        std::fwrite(line.data(), 1, line.size(), file_) != line.size()) {
      return fail(Trouble::no_space, "The rows cannot be spooled to the data folder; is the disk full?");
    }
    size_ += sizeof length + line.size();
    return offset;
  }
  Result<std::string> read(uint64_t offset) {
    std::fflush(file_);
    uint32_t length = 0;
    std::string line;
    if (pread(fileno(file_), &length, sizeof length, static_cast<off_t>(offset)) ==
        static_cast<ssize_t>(sizeof length)) {
      line.resize(length);
      if (pread(fileno(file_), line.data(), length, static_cast<off_t>(offset + sizeof length)) ==
          static_cast<ssize_t>(length))
        return line;
    }
    return fail(Trouble::io, "The spool file cannot be read.");
  }

 private:
  explicit Spool(std::FILE* file) : file_(file) {}
  std::FILE* file_;
  uint64_t size_ = 0;
};

// Collects the answers of one wave, whoever gives them: this thread's pump, or the thread of the engine.
class Answers {
 public:
  explicit Answers(size_t expected) : replies_(expected) {}
  void give(size_t i, engine::Reply&& reply) {
    const std::lock_guard lock(mutex_);
    replies_[i] = std::move(reply);
    ++given_;
    all_given_.notify_one();
  }
  void wait_for(size_t count) {
    std::unique_lock lock(mutex_);
    all_given_.wait(lock, [&] { return given_ == count; });
  }
  // Once all are given.
  const std::optional<engine::Reply>& operator[](size_t i) const { return replies_[i]; }

 private:
  std::mutex mutex_;
  std::condition_variable all_given_;
  std::vector<std::optional<engine::Reply>> replies_;
  size_t given_ = 0;
};

// How far a row has come: the mark of its case.
struct Mark {
  Id case_id;
  uint32_t steps = 0;
};

Result<void> remove_records(engine::Engine& engine, std::vector<std::pair<std::string, std::string>> records) {
  Request request;
  request.actor.kind = kernel::Actor::Kind::system;
  request.what = Request::Keep{std::move(records)};
  const engine::Reply reply = engine.ask(std::move(request));
  if (const Error* error = std::get_if<Error>(&reply.result)) return *error;
  return {};
}

class Importer {
 public:
  Importer(engine::Engine& engine, const store::Store& store, const Mapping& mapping, const ImportOptions& options)
      : engine_(engine), store_(store), mapping_(mapping), options_(options) {}

  Result<ImportResult> run() {
    const auto pack = engine_.packs().find(mapping_.pack);
    type_ = pack ? pack->find_case(mapping_.type) : nullptr;
    if (!type_)
      return fail(Trouble::invalid_input,
                  "The mapping is for " + mapping_.pack + "/" + mapping_.type + ", which is not loaded.");
    for (const MappedStep& step : mapping_.steps) {
      if (step.does != "open" && step.does != "note" && !type_->find_action(step.does)) {
        return fail(Trouble::invalid_input,
                    "The mapping takes the action \"" + step.does + "\", which " + type_->id + " does not have.");
      }
    }
    spool_ = TRY(Spool::make(options_.spool));
    TRY(read_file());
    std::sort(plan_.begin(), plan_.end(), [](const Planned& a, const Planned& b) {
      return std::tie(a.at_ms, a.row, a.step) < std::tie(b.at_ms, b.row, b.step);
    });
    for (size_t from = 0; from < plan_.size(); from += options_.window) {
      if (options_.is_ended && options_.is_ended()) {
        return fail(Trouble::unavailable, "The import was ended after " + std::to_string(result_.acts) + " of " +
                                              std::to_string(plan_.size()) +
                                              " acts. What was taken stays; run it again to go on.");
      }
      TRY(play_window(from, std::min(plan_.size(), from + options_.window)));
      if (options_.progress) options_.progress("acts", std::min(plan_.size(), from + options_.window), plan_.size());
    }
    TRY(make_report());
    return std::move(result_);
  }

 private:
  std::string key_of(const std::string& id) const { return mapping_.name + "/" + id; }

  void reject(uint64_t row, const std::string& id, const std::string& reason) {
    ++result_.rejected;
    if (options_.rejected)
      *options_.rejected << to_json_text(json::object{{"row", row}, {"id", id}, {"reason", reason}}) << "\n";
  }

  Result<std::optional<Mark>> find_mark(const std::string& id) const {
    const auto record = TRY(store_.find_record(kMarkKind, key_of(id)));
    if (!record) return std::optional<Mark>();
    const std::string_view body = record->body;  // "<case id> <steps>"
    Mark mark;
    const auto parsed = body.size() > 37 ? parse_id(body.substr(0, 36)) : std::nullopt;
    if (!parsed) return fail(Trouble::corrupt, "The mark of the imported row " + id + " cannot be read.");
    mark.case_id = *parsed;
    std::from_chars(body.data() + 37, body.data() + body.size(), mark.steps);
    return std::optional(mark);
  }

  Result<void> read_file() {
    std::unordered_set<std::string> seen;  // 16 bytes of a hash each
    Result<void> trouble;
    TRY(read_rows(options_.file, [&](SourceRow&& source) {
      ++result_.rows;
      trouble = take_row(std::move(source), seen);
      return trouble.ok();
    }));
    return trouble;
  }

  Result<void> take_row(SourceRow&& source, std::unordered_set<std::string>& seen) {
    if (options_.progress && source.number % 1000 == 0) options_.progress("bytes", source.bytes_read, source.bytes_all);
    if (!source.row.ok()) {
      reject(source.number, "", source.row.error().message);
      return {};
    }
    const Result<MappedRow> row = map_row(mapping_, *source.row);
    if (!row.ok()) {
      reject(source.number, "", row.error().message);
      return {};
    }
    if (!seen.insert(std::string(view_of(sha256(row->id)).substr(0, 16))).second) {
      reject(source.number, row->id, "The id stands twice in the file.");
      return {};
    }
    if (row->opened > engine_.now() || row->done > engine_.now()) {
      reject(source.number, row->id, "The row lies in the future.");
      return {};
    }
    const std::optional<Mark> mark = TRY(find_mark(row->id));
    const uint32_t done = mark ? mark->steps : 0;
    if (done >= mapping_.steps.size()) ++result_.known;
    if (plan_.size() + mapping_.steps.size() > kMostActs)
      return fail(Trouble::no_space, "The file has too many rows for one import; split it.");
    const uint64_t offset = TRY(spool_->add(to_json_text(*source.row)));
    const auto number = static_cast<uint32_t>(offsets_.size());
    offsets_.push_back(offset);
    for (uint32_t step = done; step < mapping_.steps.size(); ++step) {
      plan_.push_back({mapping_.steps[step].at_done ? row->done.ms : row->opened.ms, offset, number, step});
    }
    return {};
  }

  struct Row {
    MappedRow mapped;
    bool failed = false;
  };
  Result<Row*> row_of(const Planned& planned, std::map<uint32_t, Row>& rows) {
    if (const auto found = rows.find(planned.row); found != rows.end()) return &found->second;
    const json::value value = TRY(parse_json(TRY(spool_->read(planned.offset))));
    Row row;
    row.mapped = TRY(map_row(mapping_, value.get_object()));
    row.failed = failed_.contains(planned.row);
    return &rows.emplace(planned.row, std::move(row)).first->second;
  }

  // Acts of one row depend on each other: the n-th acts of all rows of the window are committed together.
  Result<void> play_window(size_t from, size_t to) {
    std::map<uint32_t, Row> rows;
    std::vector<std::vector<const Planned*>> waves;
    std::map<uint32_t, size_t> wave_of;
    for (size_t i = from; i < to; ++i) {
      const size_t wave = wave_of[plan_[i].row]++;
      if (waves.size() <= wave) waves.resize(wave + 1);
      waves[wave].push_back(&plan_[i]);
    }
    for (const auto& wave : waves) TRY(play_wave(wave, rows));
    return {};
  }

  Result<void> play_wave(const std::vector<const Planned*>& wave, std::map<uint32_t, Row>& rows) {
    struct Waiting {
      const Planned* planned;
      Row* row;
    };
    std::vector<Waiting> waiting;
    const auto answers = std::make_shared<Answers>(wave.size());
    const auto registers = engine_.registers();
    for (const Planned* planned : wave) {
      Row* row = TRY(row_of(*planned, rows));
      if (row->failed) continue;
      auto asked = TRY(make_request(*planned, *row, *registers));
      if (!asked) continue;
      engine_.submit(
          std::move(*asked),
          [](const engine::Accepted& accepted) { return std::pair(int32_t{201}, to_text(accepted.case_id)); },
          [answers, i = waiting.size()](engine::Reply&& answer) { answers->give(i, std::move(answer)); });
      waiting.push_back({planned, row});
    }
    if (engine_.has_thread())
      answers->wait_for(waiting.size());
    else
      TRY(engine_.pump());
    for (size_t i = 0; i < waiting.size(); ++i) {
      const Waiting& one = waiting[i];
      const std::optional<engine::Reply>& reply = (*answers)[i];
      if (!reply) return fail(Trouble::unavailable, "The engine did not answer.");
      if (const Error* error = std::get_if<Error>(&reply->result)) return *error;
      if (const auto* why = std::get_if<kernel::Rejection>(&reply->result))
        give_up(*one.planned, *one.row, sentence_of(*why));
      else if (!finish(*one.planned, reply->result))
        give_up(*one.planned, *one.row, "The row was opened before by another import of that name.");
    }
    return release_given_up();
  }

  // A case whose row goes no further is one like any other: its timers are the scheduler's again.
  Result<void> release_given_up() {
    if (given_up_.empty()) return {};
    std::vector<std::pair<std::string, std::string>> records;
    for (const Id& id : given_up_) records.emplace_back(engine::kHistoryRecord, to_text(id));
    given_up_.clear();
    return remove_records(engine_, std::move(records));
  }

  static std::string sentence_of(const kernel::Rejection& why) {
    std::string sentence = why.sentence + why.instead;
    for (const kernel::FieldFault& fault : why.fields) sentence += " " + fault.field + "：" + fault.sentence;
    for (const kernel::FailedCondition& failed : why.conditions) sentence += " " + failed.sentence;
    return sentence;
  }

  void give_up(const Planned& planned, Row& row, const std::string& reason) {
    row.failed = true;
    failed_.insert(planned.row);
    if (const auto id = case_of(planned, row); id && !id->is_nil()) given_up_.push_back(*id);
    reject(planned.row + 1, row.mapped.id, mapping_.steps[planned.step].does + "：" + reason);
  }

  bool finish(const Planned& planned, const decltype(engine::Reply::result)& result) {
    ++result_.acts;
    if (planned.step + 1 == mapping_.steps.size()) ++result_.taken;
    if (planned.step > 0) {
      opened_.erase(planned.row);
      return true;
    }
    std::optional<Id> id;
    if (const auto* accepted = std::get_if<engine::Accepted>(&result)) id = accepted->case_id;
    if (const auto* stored = std::get_if<engine::Replayed>(&result))
      id = parse_id(stored->response);  // opened by a run that ended there
    if (id) opened_[planned.row] = *id;
    return id.has_value();
  }

  // What an earlier act of the row opened.
  std::optional<Id> case_of(const Planned& planned, const Row& row) const {
    if (const auto found = opened_.find(planned.row); found != opened_.end()) return found->second;
    const Result<std::optional<Mark>> mark = find_mark(row.mapped.id);
    return mark.ok() && *mark ? std::optional((*mark)->case_id) : std::nullopt;
  }

  // Nothing: the row was given up.
  Result<std::optional<Request>> make_request(const Planned& planned, Row& row, const kernel::Registers& registers) {
    const MappedStep& step = mapping_.steps[planned.step];
    const Instant at{planned.at_ms};
    Request request;
    request.imported = true;
    request.ends_history = planned.step + 1 == mapping_.steps.size();
    request.happened_at = at;
    request.form = form_of(step.with, row.mapped);
    request.actor.kind = kernel::Actor::Kind::system;
    std::shared_ptr<const kernel::CaseState> state;
    Id case_id;
    if (step.does == "open") {
      request.what = Request::Open{
          .pack = mapping_.pack, .type = mapping_.type, .channel = "import", .link_kind = {}, .link_other = {}};
    } else {
      case_id = case_of(planned, row).value_or(Id());
      state = engine_.load(case_id);
      if (!state) {
        give_up(planned, row, "The case of this row is not there.");
        return std::optional<Request>();
      }
      request.case_id = case_id;
    }
    if (step.does == "note") {
      request.what = Request::Note{note_of(row.mapped)};
    } else if (!choose_actor(step, state.get(), at, registers, request)) {
      give_up(planned, row, "Nobody has the right to do this on " + to_text(local_date(at)) + ".");
      return std::optional<Request>();
    }
    if (state && step.does != "note") {
      request.what = Request::Act{.action = step.does};
      const pack::Pack* pack = engine_.pack_of(*state);
      const pack::Action* action = type_->find_action(step.does);
      if (pack && action) {
        take_suggestions(*action, *state, request.actor, engine_.context_of(*state, at, registers), at, request.form);
        for (const auto& [name, value] : form_of(step.unless_suggested, row.mapped)) {
          if (std::none_of(request.form.begin(), request.form.end(),
                           [&, &field = name](const auto& given) { return given.first == field; }))
            request.form.emplace_back(name, value);
        }
      }
    }
    put_mark(planned, row, case_id, request);
    return std::optional(std::move(request));
  }

  void put_mark(const Planned& planned, const Row& row, const Id& case_id, Request& request) const {
    if (case_id.is_nil()) {
      request.idempotency = Request::Idempotency{"import", key_of(row.mapped.id), sha256(row.mapped.id)};
      request.mark = [key = key_of(row.mapped.id)](const engine::Accepted& accepted) {
        return store::Record{std::string(kMarkKind), key, to_text(accepted.case_id) + " 1"};
      };
      return;
    }
    request.records.push_back(
        {std::string(kMarkKind), key_of(row.mapped.id), to_text(case_id) + " " + std::to_string(planned.step + 1)});
  }

  bool choose_actor(const MappedStep& step, const kernel::CaseState* state, Instant at,
                    const kernel::Registers& registers, Request& request) const {
    if (step.who == "system" || step.who == "caller" || step.who == "anyone") {
      request.actor.kind = step.who == "system"   ? kernel::Actor::Kind::system
                           : step.who == "caller" ? kernel::Actor::Kind::caller
                                                  : kernel::Actor::Kind::anyone;
      return true;
    }
    const pack::Action* action = state ? type_->find_action(step.does) : &type_->open;
    const auto who = candidates(*action, *type_, state, registers, local_date(at));
    if (who.empty()) return false;
    request.actor = who.front();
    return true;
  }

  std::string note_of(const MappedRow& row) const {
    return "按导入映射“" + mapping_.name + "”办理。" + join(mapping_.notes, "；") + "。" + join(row.reasons, "；") +
           "。";
  }

  Result<void> make_report() {
    for (size_t i = 0; i < offsets_.size(); ++i) {
      const json::value value = TRY(parse_json(TRY(spool_->read(offsets_[i]))));
      const MappedRow row = TRY(map_row(mapping_, value.get_object()));
      const std::optional<Mark> mark = TRY(find_mark(row.id));
      const auto state = mark ? engine_.load(mark->case_id) : nullptr;
      if (!state) continue;
      const kernel::FieldValue* field = kernel::find_value(state->fields, mapping_.report_class);
      const std::string group = field && !field->is_sealed() ? field->plain.to_plain_text() : "";
      ImportCell& cell = result_.report[{to_text(local_date(state->opened_at)).substr(0, 7), group}];
      const kernel::Clock* clock = state->last_clock(mapping_.report_clock);
      const bool has_ended =
          clock && clock->status != kernel::ClockStatus::running && clock->status != kernel::ClockStatus::paused;
      if (clock && clock->late) {
        ++cell.late;
        if (options_.late) explain_late(row, *state, *clock);
      } else {
        ++(has_ended ? cell.within : cell.open);
      }
    }
    return {};
  }

  void explain_late(const MappedRow& row, const kernel::CaseState& state, const kernel::Clock& clock) {
    const pack::Pack* pack = engine_.pack_of(state);
    if (!pack) return;
    *options_.late << to_json_text(json::object{{"id", row.id},
                                                {"number", state.number},
                                                {"opened_at", to_text(state.opened_at)},
                                                {"answered_at", to_text(row.done)},
                                                {"clock", kernel::explain_clock(state, clock, *pack)}})
                   << "\n";
  }

  engine::Engine& engine_;
  const store::Store& store_;
  const Mapping& mapping_;
  const ImportOptions& options_;
  const pack::CaseType* type_ = nullptr;
  std::unique_ptr<Spool> spool_;
  std::vector<Planned> plan_;
  std::vector<uint64_t> offsets_;  // by row
  std::unordered_set<uint32_t> failed_;
  std::map<uint32_t, Id> opened_;  // rows that wait for their second act
  std::vector<Id> given_up_;
  ImportResult result_;
};

}  // namespace

Result<ImportResult> import_cases(engine::Engine& engine, const store::Store& store, const Mapping& mapping,
                                  const ImportOptions& options) {
  return Importer(engine, store, mapping, options).run();
}

Result<size_t> end_unfinished(engine::Engine& engine, const store::Store& store) {
  std::vector<std::pair<std::string, std::string>> records;
  for (const store::Record& record : TRY(store.list_records(engine::kHistoryRecord)))
    records.emplace_back(record.kind, record.key);
  const size_t count = records.size();
  if (count > 0) TRY(remove_records(engine, std::move(records)));
  return count;
}

void print_report(const ImportResult& result, const Mapping& mapping, const pack::CaseType& type, std::ostream& out) {
  const pack::Field* field = type.find_field(mapping.report_class);
  const auto label = [field](const std::string& id) {
    if (field) {
      for (const auto& [value, title] : field->values) {
        if (value == id) return title;
      }
    }
    return id;
  };
  std::map<std::string, ImportCell> by_class;
  ImportCell all;
  out << "| 月份 | 类别 | 时限内 | 逾期 | 未答复 |\n|---|---|---:|---:|---:|\n";
  const auto print = [&out](const std::string& month, const std::string& group, const ImportCell& cell) {
    out << "| " << month << " | " << group << " | " << cell.within << " | " << cell.late << " | " << cell.open
        << " |\n";
  };
  for (const auto& [key, cell] : result.report) {
    print(key.first, label(key.second), cell);
    for (ImportCell* sum : {&by_class[key.second], &all}) {
      sum->within += cell.within;
      sum->late += cell.late;
      sum->open += cell.open;
    }
  }
  for (const auto& [group, cell] : by_class) print("合计", label(group), cell);
  print("合计", "全部", all);
}

}  // namespace tongban::facility
