#include "engine/writer.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "base/text.h"
#include "engine/sealing.h"

namespace tongban::engine {
namespace {

constexpr int64_t kAnswersKeptMs = 7 * kDayMs;  // how long a repeated Idempotency-Key gives the first answer
constexpr int kMaxAttempts = 5;                 // of one task, when other writers were first
constexpr size_t kMaxRounds = 100'000;          // of one pump: beyond it something feeds itself
constexpr size_t kSeedRows = 500;               // register rows of one transaction
constexpr size_t kMaxKeptSnapshots = 64;
constexpr int64_t kRetryMs = 1000;  // after a failed commit
constexpr int64_t kStuckWaitMs = 3'600'000;
constexpr int64_t kHistoryWaitMs = 1000;  // while an import goes on, timers are looked at this often
constexpr int64_t kMaxDeliveryWaitMs = 3'600'000;

uint64_t now_us() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

void earlier(std::optional<Instant>& into, std::optional<Instant> other) {
  if (other && (!into || *other < *into)) into = other;
}

std::string known_notices(const calendar::Editions& editions, Date today) {
  std::vector<std::string> ids;
  for (const calendar::Notice& notice : editions.notices()) {
    if (notice.published <= today) ids.push_back(notice.id);
  }
  return join(ids, "\n");
}

}  // namespace

Writer::Writer(Config config) : config_(std::move(config)), cache_(config_.max_cached_cases) {
  CHECK(config_.store && config_.keys && config_.packs && config_.calendar && config_.now);
  calendar_ = config_.calendar;
  registers_ = std::make_shared<kernel::Registers>();
  idempotency_key_ = hmac_sha256(config_.keys->search_key(), "idempotency");
}

Writer::~Writer() { stop(); }

// --- start ---

Result<void> Writer::load_registers_view() {
  auto registers = std::make_shared<kernel::Registers>();
  for (const auto& pack : config_.packs->packs) {
    for (const pack::RegisterType& type : pack->registers) {
      if (!type.parent_field.empty()) registers->set_parent_field(type.id, type.parent_field);
    }
  }
  register_versions_.clear();
  for (const store::RegisterRow& row : TRY(config_.store->load_registers())) {
    kernel::Entry entry = TRY(kernel::decode_entry(row.body));
    register_versions_[row.register_id] += entry.revisions.size();  // one event a revision
    registers->put(row.register_id, std::make_shared<const kernel::Entry>(std::move(entry)));
  }
  const std::lock_guard lock(shared_mutex_);
  registers_ = std::move(registers);
  return {};
}

// Rows of packs that are not in the ledger yet. What is there is left alone: later change is a register command.
Result<void> Writer::seed_registers() {
  std::vector<Task> tasks;
  std::set<std::pair<std::string, std::string>> taken;
  uint64_t different = 0;
  for (const auto& pack : config_.packs->packs) {
    for (const pack::RegisterType& type : pack->registers) {
      Task::Seed seed{type.id, {}, type.basis};
      const auto flush = [&] {
        if (!seed.rows.empty()) tasks.push_back({seed, now()});
        seed.rows.clear();
      };
      // An entry may have several rows: its revisions. They are put only together with the first.
      std::set<std::string> known;
      for (const pack::RegisterEntry& row : type.rows) {
        if (const kernel::Entry* entry = registers_->find(type.id, row.id)) {
          const bool same =
              std::any_of(entry->revisions.begin(), entry->revisions.end(), [&](const kernel::Revision& revision) {
                return revision.values == feel::Value::context(row.values) && revision.valid_from == row.valid_from &&
                       revision.valid_to == row.valid_to;
              });
          if (!same) ++different;
          continue;
        }
        seed.rows.push_back(&row);
        if (seed.rows.size() >= kSeedRows) flush();
      }
      flush();
    }
  }
  {
    const std::lock_guard lock(shared_mutex_);
    status_.seed_differences = different;
  }
  if (!tasks.empty()) TRY(run_batch(std::move(tasks)));
  return {};
}

Result<void> Writer::load() {
  const std::lock_guard lock(writer_mutex_);
  for (auto& [name, value] : TRY(config_.store->load_counters())) counters_[name] = value;
  // Before anything is read from the views: seeds would be put a second time where a register seems empty.
  if (TRY(config_.store->find_record(kRebuildRecord, "views"))) TRY(rebuild_views());
  TRY(load_registers_view());
  TRY(seed_registers());
  for (const store::Record& record : TRY(config_.store->list_records(kHistoryRecord))) {
    if (const auto id = parse_id(record.key)) histories_.insert(*id);
  }
  const store::Head head = TRY(config_.store->head());
  next_outbox_ = now();
  {
    const std::lock_guard shared(shared_mutex_);
    status_.position = head.position;
    status_.last_commit = *next_outbox_;
    status_.unfinished_histories = histories_.size();
  }
  return refresh_wake();
}

// --- time and snapshots ---

Instant Writer::now() const {
  {
    const std::lock_guard lock(shared_mutex_);
    if (virtual_now_) return *virtual_now_;
  }
  return config_.now();
}

std::shared_ptr<const kernel::Registers> Writer::registers() const {
  const std::lock_guard lock(shared_mutex_);
  return registers_;
}
std::shared_ptr<const calendar::Editions> Writer::calendar() const {
  const std::lock_guard lock(shared_mutex_);
  return calendar_;
}

const pack::Pack* Writer::pack_by_key(std::string_view key) const {
  for (const auto& pack : config_.packs->packs) {
    if (pack->key() == key) return pack.get();
  }
  return nullptr;
}

Result<StatePtr> Writer::find_state(const Id& case_id) const {
  if (StatePtr state = cache_.find(case_id)) return state;
  const uint64_t generation = cache_.generation();
  const std::vector<store::LedgerEvent> stored = TRY(config_.store->load_stream(case_id));
  if (stored.empty()) return StatePtr();
  std::vector<std::string_view> bytes;
  bytes.reserve(stored.size());
  for (const store::LedgerEvent& event : stored) bytes.push_back(event.bytes);
  std::vector<kernel::Event> events = TRY(kernel::decode_all(bytes));
  if (std::holds_alternative<kernel::RegisterEntryPut>(events.front().body)) return StatePtr();
  auto state = std::make_shared<const kernel::CaseState>(kernel::fold(std::move(events)));
  cache_.put_if_unchanged(case_id, state, generation);
  return StatePtr(state);
}

std::optional<feel::Value> Writer::unseal(const Id& case_id, const Id& person, const std::string& sealed) const {
  if (person.is_nil()) return std::nullopt;
  const Result<std::optional<Key>> key = config_.keys->find_key(person);
  if (!key.ok() || !*key) return std::nullopt;
  return unseal_value(**key, case_id, sealed);
}

Hash Writer::phone_hash(std::string_view phone) const {
  return hmac_sha256(config_.keys->search_key(), "phone:" + phone_digits(phone));
}

size_t Writer::subscribe(std::function<void(const Change&)> listener) {
  const std::lock_guard lock(shared_mutex_);
  listeners_.emplace(next_listener_, std::move(listener));
  return next_listener_++;
}
void Writer::unsubscribe(size_t id) {
  const std::lock_guard lock(shared_mutex_);
  listeners_.erase(id);
}
void Writer::set_answer_scope(std::function<std::shared_ptr<void>()> scope) {
  const std::lock_guard lock(shared_mutex_);
  answer_scope_ = std::move(scope);
}

Engine::Status Writer::status() const {
  Engine::Status status;
  {
    const std::lock_guard lock(shared_mutex_);
    status = status_;
  }
  const std::lock_guard lock(queue_mutex_);
  status.queued = queue_.size();
  return status;
}
Metrics Writer::metrics() const {
  const std::lock_guard lock(shared_mutex_);
  return metrics_;
}

// --- the queue ---

void Writer::submit(Request request, Render render, Answer answer) {
  const Instant received_at = request.received_at.value_or(now());
  {
    const std::lock_guard lock(queue_mutex_);
    if (!stopping_ && queue_.size() < config_.max_queue) {
      queue_.push_back({Task::Ask{std::move(request), std::move(render), std::move(answer)}, received_at});
      wake_.notify_one();
      return;
    }
  }
  answer({fail(Trouble::unavailable, "系统繁忙，请稍后再试。")});
}

std::vector<Task> Writer::take_queue() {
  std::vector<Task> tasks;
  const std::lock_guard lock(queue_mutex_);
  while (!queue_.empty() && tasks.size() < config_.max_batch) {
    tasks.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return tasks;
}

void Writer::run_thread() {
  CHECK(!thread_.joinable());
  has_thread_ = true;
  commit_thread_ = std::thread([this] { commit_loop(); });
  thread_ = std::thread([this] { loop(); });
}
bool Writer::has_thread() const { return has_thread_; }

void Writer::stop() {
  {
    const std::lock_guard lock(queue_mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  {
    const std::lock_guard lock(commit_mutex_);
    commit_stopping_ = true;
    commit_wake_.notify_all();
  }
  if (commit_thread_.joinable()) commit_thread_.join();
  has_thread_ = false;
  std::vector<Task> left;
  {
    const std::lock_guard lock(queue_mutex_);
    left.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.end()));
    queue_.clear();
  }
  for (Task& task : left) {
    auto* ask = std::get_if<Task::Ask>(&task.what);
    if (ask && ask->answer) ask->answer({fail(Trouble::unavailable, "系统正在停止，请稍后再试。")});
  }
}

std::optional<Instant> Writer::next_work() const {
  std::optional<Instant> next = next_wake_;
  earlier(next, next_outbox_);
  if (next && retry_at_ && *next < *retry_at_) next = retry_at_;
  return next;
}

// --- rounds ---

Result<bool> Writer::work_once() {
  TRY(check_calendar());
  std::vector<Task> tasks = take_queue();
  if (tasks.empty()) return do_due_work();
  TRY(run_batch(std::move(tasks)));
  return true;
}

Result<bool> Writer::do_due_work() {
  const Instant at = now();
  if (retry_at_ && at < *retry_at_) return false;
  std::vector<Task> tasks;
  if (next_outbox_ && *next_outbox_ <= at) {
    size_t finished = 0;
    tasks = TRY(due_outbox_now(finished));
    if (!tasks.empty()) {
      TRY(run_batch(std::move(tasks)));
      return true;
    }
    if (finished > 0) return true;
  }
  if (config_.messages && next_wake_ && *next_wake_ <= at) {
    tasks = TRY(due_timers_now());
    if (!tasks.empty()) {
      TRY(run_batch(std::move(tasks)));
      return true;
    }
    // Only clocks whose firing was refused are due, or those of histories: look again later.
    next_wake_ = at.plus_ms(histories_.empty() || !has_thread() ? kStuckWaitMs : kHistoryWaitMs);
    if (!histories_.empty()) look_again_at_ = next_wake_;
  }
  return false;
}

Result<size_t> Writer::pump_locked() {
  const uint64_t before = metrics_.commits;
  for (size_t round = 0; round < kMaxRounds; ++round) {
    if (!TRY(work_once())) return static_cast<size_t>(metrics_.commits - before);
  }
  return fail(Trouble::no_space, "The engine did not come to rest: something causes itself again and again.");
}

Result<size_t> Writer::pump() {
  const std::lock_guard lock(writer_mutex_);
  wait_for_commit();
  return pump_locked();
}

Result<void> Writer::advance_to(Instant until) {
  const std::lock_guard lock(writer_mutex_);
  wait_for_commit();
  const auto set_time = [this](Instant at) {
    const std::lock_guard shared(shared_mutex_);
    virtual_now_ = at;
  };
  set_time(now());
  TRY(pump_locked());
  for (size_t round = 0; round < kMaxRounds; ++round) {
    const std::optional<Instant> next = next_work();
    if (!next || *next > until) {
      // A notice published on the way may move clocks: its day is a stop of its own.
      if (now() < until) set_time(until);
      TRY(pump_locked());
      const std::optional<Instant> after = next_work();
      if (!after || *after > until) return {};
      continue;
    }
    if (*next > now()) set_time(*next);
    TRY(pump_locked());
    if (next_work() == next) return {};  // only refused work is left
  }
  return fail(Trouble::no_space, "The engine did not come to rest: something causes itself again and again.");
}

Result<std::vector<Task>> Writer::due_timers_now() {
  const Instant at = now();
  std::vector<Task> tasks;
  for (size_t limit = config_.max_batch + stuck_.size() + histories_.size();; limit *= 4) {
    const auto rows = TRY(config_.store->due_clocks(at, static_cast<uint32_t>(limit)));
    for (const store::ClockRow& row : rows) {
      if (stuck_.contains({row.case_id, row.clock}) || histories_.contains(row.case_id)) continue;
      tasks.push_back({Task::Timer{row.case_id, row.clock}, at});
    }
    if (!tasks.empty() || rows.size() < limit) return tasks;
  }
}

Result<std::vector<Task>> Writer::due_outbox_now(size_t& finished) {
  std::vector<Task> tasks;
  const Instant at = now();
  const std::vector<store::OutboxRow> rows =
      TRY(config_.store->due_outbox(at, static_cast<uint32_t>(config_.max_batch)));
  if (rows.empty()) {  // what waits for later
    next_outbox_.reset();
    const Instant far{std::numeric_limits<int64_t>::max()};
    for (const store::OutboxRow& row : TRY(config_.store->due_outbox(far, static_cast<uint32_t>(config_.max_batch)))) {
      earlier(next_outbox_, row.not_before);
    }
    return tasks;
  }
  std::vector<store::Transaction> done;
  uint64_t delivered = 0;
  for (const store::OutboxRow& row : rows) {
    if (row.kind == kReaction)
      tasks.push_back({Task::React{row}, at});
    else if (row.kind == kErasure)
      done.push_back(TRY(finish_erasure(row)));
    else if (row.kind == kMessage)
      done.push_back(TRY(finish_message(row, delivered)));
  }
  if (!done.empty()) TRY(config_.store->commit(done));
  finished = done.size();
  const std::lock_guard lock(shared_mutex_);
  metrics_.messages += delivered;
  return tasks;
}

Result<store::Transaction> Writer::finish_erasure(const store::OutboxRow& row) {
  CHECK(row.body.size() == 16);
  TRY(config_.keys->erase_key(id_from_bytes(row.body)));
  store::Transaction done;
  done.outbox_done.push_back(row.id);
  return done;
}

Result<bool> Writer::is_cancelled(const Message& message) const {
  const StatePtr state = TRY(find_state(message.case_id));
  if (!state) return false;
  return std::any_of(state->letters.begin(), state->letters.end(), [&](const kernel::LetterState& letter) {
    return letter.version == message.version && letter.cancelled;
  });
}

Result<store::Transaction> Writer::finish_message(const store::OutboxRow& row, uint64_t& delivered_count) {
  store::Transaction done;
  done.outbox_done.push_back(row.id);
  const Result<Message> message = decode_message(row.body);
  Result<void> delivered;
  if (message.ok() && TRY(is_cancelled(*message))) {  // the act was taken back while the message waited
    return done;
  }
  if (message.ok() && config_.deliverer) delivered = config_.deliverer->deliver(*message);
  if (!delivered.ok()) {
    store::OutboxRow again = row;
    ++again.attempts;
    const int64_t wait = std::min<int64_t>(kMaxDeliveryWaitMs, int64_t{1000} << std::min<uint32_t>(again.attempts, 12));
    again.not_before = now().plus_ms(wait);
    again.id = make_id(again.not_before);
    done.outbox.push_back(again);
  }
  if (delivered.ok()) ++delivered_count;
  return done;
}

// --- one batch ---

void Writer::note_failure(const Error& error) {
  retry_at_ = now().plus_ms(kRetryMs);
  const std::lock_guard lock(shared_mutex_);
  status_.writable = false;
  status_.trouble = error.message;
  ++metrics_.failed_commits;
}

void Writer::decide_all(Round& round, std::vector<Task> tasks) {
  const uint64_t started = now_us();
  for (Task& task : tasks) {
    Result<Decision> decision = decide_task(round.batch, task);
    if (decision.ok()) {
      round.decisions.push_back(std::move(decision).value());
    } else {
      round.decisions.emplace_back().reply = Reply{decision.error()};
    }
    round.tasks.push_back(std::move(task));
  }
  const std::lock_guard lock(shared_mutex_);
  metrics_.decide_us += now_us() - started;
}

Result<std::vector<store::Committed>> Writer::store_steps(Batch& batch) {
  if (batch.steps.empty()) return std::vector<store::Committed>();
  const uint64_t started = now_us();
  std::vector<store::Transaction> transactions;
  transactions.reserve(batch.steps.size());
  for (Step& step : batch.steps) transactions.push_back(std::move(step.transaction));
  Result<std::vector<store::Committed>> result = config_.store->commit(transactions);
  for (size_t i = 0; i < batch.steps.size(); ++i) batch.steps[i].transaction = std::move(transactions[i]);
  const std::lock_guard lock(shared_mutex_);
  metrics_.commit_us += now_us() - started;
  return result;
}

Result<size_t> Writer::run_batch(std::vector<Task> tasks) {
  size_t commits = 0;
  while (!tasks.empty()) {
    Round round;
    round.batch.registers = registers();
    decide_all(round, std::move(tasks));
    round.result = store_steps(round.batch);
    tasks.clear();
    TRY(settle(round, tasks));
    if (!round.batch.steps.empty()) ++commits;
  }
  TRY(refresh_wake());
  return commits;
}

Result<void> Writer::settle(Round& round, std::vector<Task>& again) {
  Batch& batch = round.batch;
  std::vector<Task>& tasks = round.tasks;
  const auto reply_to = [&](size_t i, Reply reply) {
    auto* ask = std::get_if<Task::Ask>(&tasks[i].what);
    if (!ask) return;
    {
      const std::lock_guard lock(shared_mutex_);
      if (std::holds_alternative<Accepted>(reply.result))
        ++metrics_.accepted;
      else if (std::holds_alternative<kernel::Rejection>(reply.result))
        ++metrics_.rejected;
      else if (std::holds_alternative<Replayed>(reply.result))
        ++metrics_.replayed;
      else
        ++metrics_.failed;
    }
    if (ask->answer) ask->answer(std::move(reply));
  };

  const auto answer_scope = [&]() -> std::shared_ptr<void> {
    const std::lock_guard lock(shared_mutex_);
    return answer_scope_ ? answer_scope_() : nullptr;
  };

  CHECK(round.result.has_value());
  if (!round.result->ok()) {
    const Error error = round.result->error();
    note_failure(error);
    const std::shared_ptr<void> scope = answer_scope();
    // Also the refusals rest on what was not stored.
    for (size_t i = 0; i < tasks.size(); ++i) reply_to(i, {error});
    return error;
  }
  const std::vector<store::Committed>& committed = **round.result;
  CHECK(committed.size() == batch.steps.size());
  if (!batch.steps.empty()) publish(batch, committed);

  std::set<Id> conflicted;
  for (size_t s = 0; s < committed.size(); ++s) {
    if (!committed[s].conflict) continue;
    for (const store::StreamAppend& append : batch.steps[s].transaction.appends) conflicted.insert(append.stream);
  }
  const std::shared_ptr<void> scope = answer_scope();
  for (size_t i = 0; i < tasks.size(); ++i) {
    Decision& decision = round.decisions[i];
    const std::optional<size_t> rests_on = decision.step ? decision.step : decision.duplicate_of;
    const bool lost = rests_on && committed[*rests_on].conflict;
    const bool stale = decision.reply && std::any_of(decision.read.begin(), decision.read.end(),
                                                     [&](const Id& id) { return conflicted.contains(id); });
    if (lost || stale) {
      if (++tasks[i].attempts < kMaxAttempts)
        again.push_back(std::move(tasks[i]));
      else
        reply_to(i, {fail(Trouble::conflict, "同一办件正被多人同时办理，请稍后再试。")});
      continue;
    }
    if (decision.reply) {
      reply_to(i, std::move(*decision.reply));
    } else if (decision.step && batch.steps[*decision.step].accepted) {
      Accepted accepted = std::move(*batch.steps[*decision.step].accepted);
      accepted.position = committed[*decision.step].first_position;
      reply_to(i, {std::move(accepted)});
    } else if (decision.duplicate_of) {
      const store::Transaction& first = batch.steps[*decision.duplicate_of].transaction;
      CHECK(first.idempotency.has_value());
      const store::IdempotencyRow& row = *first.idempotency;
      const auto response = tongban::unseal(idempotency_key_, row.response, row.actor + '\n' + row.key);
      CHECK(response.has_value());
      reply_to(i, {Replayed{row.status, *response}});
    }
  }
  return {};
}

void Writer::note_histories(const store::Transaction& committed) {
  for (const store::Record& record : committed.records) {
    if (record.kind != kHistoryRecord) continue;
    if (const auto id = parse_id(record.key)) histories_.insert(*id);
  }
  for (const auto& [kind, key] : committed.records_removed) {
    if (kind != kHistoryRecord) continue;
    if (const auto id = parse_id(key); id && histories_.erase(*id) > 0) {
      look_again_at_.reset();
      asks_next_wake_ = true;
    }
  }
}

// The clocks of a new case add their instants; those of another may have taken away the earliest.
void Writer::note_wakes(const store::Transaction& committed) {
  for (const store::ViewChanges::Clocks& clocks : committed.views.clocks) {
    const bool is_new = std::any_of(
        committed.appends.begin(), committed.appends.end(),
        [&](const store::StreamAppend& one) { return one.stream == clocks.case_id && one.expected_version == 0; });
    if (!is_new) asks_next_wake_ = true;
    for (const store::ClockRow& row : clocks.rows) {
      if (row.wake_at) earlier(new_wake_, row.wake_at);
    }
  }
}

// After a commit: what readers see, and who is told.
void Writer::publish(Batch& batch, const std::vector<store::Committed>& committed) {
  std::set<Id> lost;
  bool register_lost = false;
  uint64_t conflicts = 0, position = 0, reactions = 0, failed_reactions = 0, timers = 0;
  for (size_t s = 0; s < committed.size(); ++s) {
    const store::Transaction& transaction = batch.steps[s].transaction;
    uint64_t events = 0;
    for (const store::StreamAppend& append : transaction.appends) events += append.events.size();
    if (committed[s].conflict) {
      ++conflicts;
      for (const store::StreamAppend& append : transaction.appends) {
        lost.insert(append.stream);
        cache_.erase(append.stream);
      }
      if (!transaction.views.registers.empty()) register_lost = true;
      continue;
    }
    if (events > 0) position = std::max(position, committed[s].first_position + events - 1);
    note_histories(transaction);
    note_wakes(transaction);
    for (const store::OutboxRow& row : transaction.outbox) earlier(next_outbox_, row.not_before);
    for (const store::Record& record : transaction.records) failed_reactions += record.kind == "failed_reaction";
    if (transaction.idempotency && transaction.idempotency->actor == "system") ++reactions;
    for (const Change& change : batch.steps[s].changes) timers += change.what == "clock";
  }
  cache_.next_generation();
  for (auto& [id, state] : batch.states) {
    if (!lost.contains(id)) cache_.put(id, state);
    for (auto it = stuck_.lower_bound({id, 0}); it != stuck_.end() && it->first == id;) it = stuck_.erase(it);
  }
  for (const auto& [name, value] : batch.counters) counters_[name] = value;
  if (batch.registers_changed && !register_lost) {
    for (const auto& [reg, version] : batch.register_versions) register_versions_[reg] = version;
    const std::lock_guard lock(shared_mutex_);
    former_registers_.push_back(registers_);
    if (former_registers_.size() > kMaxKeptSnapshots) former_registers_.pop_front();
    registers_ = batch.registers;
  } else if (register_lost) {
    const Result<void> loaded = load_registers_view();  // another writer was first
    if (!loaded.ok()) note_failure(loaded.error());
  }
  retry_at_.reset();

  std::vector<std::function<void(const Change&)>> listeners;
  {
    const Instant at = now();
    const std::lock_guard lock(shared_mutex_);
    status_.writable = true;
    status_.trouble.clear();
    status_.last_commit = at;
    status_.unfinished_histories = histories_.size();
    status_.position = std::max(status_.position, position);
    ++metrics_.commits;
    metrics_.transactions += committed.size() - conflicts;
    metrics_.conflicts += conflicts;
    metrics_.reactions += reactions;
    metrics_.failed_reactions += failed_reactions;
    metrics_.timers += timers;
    for (const auto& [id, listener] : listeners_) listeners.push_back(listener);
  }
  if (listeners.empty()) return;
  for (size_t s = 0; s < committed.size(); ++s) {
    if (committed[s].conflict) continue;
    Step& step = batch.steps[s];
    uint64_t last = committed[s].first_position - 1;
    for (size_t k = 0; k < step.changes.size(); ++k) {
      Change& change = step.changes[k];
      last += step.transaction.appends[k].events.size();
      change.position = last;
      const auto add = [&](const StatePtr& state) {
        const pack::Pack* pack = state ? pack_by_key(state->pack) : nullptr;
        const pack::CaseType* type = pack ? pack->find_case(state->type) : nullptr;
        if (!type) return;
        for (std::string& hearer : kernel::hearers_of(*state, *type)) change.hearers.push_back(std::move(hearer));
      };
      if (k < step.after.size()) {
        add(step.before[k]);  // who may no longer open it hears that it left
        add(step.after[k]);
      }
      for (const auto& listener : listeners) listener(change);
    }
  }
}

Result<void> Writer::refresh_wake() {
  next_wake_.reset();
  if (config_.messages) next_wake_ = TRY(config_.store->next_wake());
  new_wake_.reset();
  asks_next_wake_ = false;
  if (next_wake_ && look_again_at_ && *next_wake_ < *look_again_at_) next_wake_ = look_again_at_;
  return {};
}

// --- notices ---

// Once a day: stored answers that nobody will ask for again go, and a notice that is known now counts.
Result<void> Writer::check_calendar() {
  const Date today = local_date(now());
  if (calendar_checked_on_ == today) return {};
  // Where it fails (a full disk) the rows only stay longer; the day goes on.
  (void)config_.store->prune_idempotency(now().plus_ms(-kAnswersKeptMs)).ok();
  const std::string known = known_notices(*calendar_, today);
  const std::optional<store::Record> record = TRY(config_.store->find_record("engine", "known_notices"));
  if (record && record->body == known) {
    calendar_checked_on_ = today;
    return {};
  }
  if (record) {
    const std::vector<std::string_view> before = split(record->body, '\n');
    std::optional<Date> from, to;
    for (const calendar::Notice& notice : calendar_->notices()) {
      if (notice.published > today || std::find(before.begin(), before.end(), notice.id) != before.end()) continue;
      // A yearly notice also settles the days that were provisional only because it was not there.
      const Date first =
          notice.amendment && !notice.days.empty() ? notice.days.front().date : Date::from(notice.year - 1, 12, 29);
      const Date last =
          notice.amendment && !notice.days.empty() ? notice.days.back().date : Date::from(notice.year, 12, 31);
      from = from ? std::min(*from, first) : first;
      to = to ? std::max(*to, last) : last;
    }
    if (from) TRY(recompute_between(*from, *to));
  }
  store::Transaction transaction;
  transaction.records.push_back({"engine", "known_notices", known});
  TRY(config_.store->commit({transaction}));
  calendar_checked_on_ = today;
  return {};
}

Result<size_t> Writer::recompute_between(Date from, Date to) {
  size_t changed = 0;
  std::vector<Task> tasks;
  const Instant at = now();
  uint64_t before = 0;
  for (const store::ClockRow& row : TRY(config_.store->clocks_depending_on(from, to))) {
    tasks.push_back({Task::Recompute{row.case_id, row.clock}, at});
  }
  const auto transactions = [this] {
    const std::lock_guard lock(shared_mutex_);
    return metrics_.transactions;
  };
  before = transactions();
  for (size_t i = 0; i < tasks.size(); i += config_.max_batch) {
    const size_t end = std::min(tasks.size(), i + config_.max_batch);
    TRY(run_batch({std::make_move_iterator(tasks.begin() + static_cast<ptrdiff_t>(i)),
                   std::make_move_iterator(tasks.begin() + static_cast<ptrdiff_t>(end))}));
  }
  changed = static_cast<size_t>(transactions() - before);
  return changed;
}

Result<size_t> Writer::recompute_clocks(std::shared_ptr<const calendar::Editions> calendar) {
  CHECK(calendar != nullptr);
  const std::lock_guard lock(writer_mutex_);
  wait_for_commit();
  {
    const std::lock_guard shared(shared_mutex_);
    former_calendars_.push_back(calendar_);
    calendar_ = std::move(calendar);
  }
  calendar_checked_on_.reset();
  const uint64_t before = metrics_.transactions;
  TRY(check_calendar());
  return static_cast<size_t>(metrics_.transactions - before);
}

// --- rebuild ---

Result<void> Writer::rebuild() {
  const std::lock_guard lock(writer_mutex_);
  wait_for_commit();
  return rebuild_views();
}

Result<void> Writer::rebuild_views() {
  const auto set_rebuilding = [this](bool now) {
    const std::lock_guard shared(shared_mutex_);
    status_.rebuilding = now;
  };
  set_rebuilding(true);
  store::Transaction begins, ends;
  begins.records.push_back({std::string(kRebuildRecord), "views", "{}"});
  ends.records_removed.emplace_back(kRebuildRecord, "views");
  TRY(config_.store->commit({begins}));
  TRY(derive_views());
  TRY(config_.store->commit({ends}));
  set_rebuilding(false);
  cache_.clear();
  TRY(load_registers_view());
  return refresh_wake();
}

Result<void> Writer::derive_views() {
  TRY(config_.store->clear_views());
  std::vector<Id> streams;
  TRY(config_.store->scan(1, [&](const store::LedgerEvent& event) {
    if (event.version == 1) streams.push_back(event.stream);
    return true;
  }));
  const std::shared_ptr<const kernel::Registers> registers = registers_;
  std::vector<store::Transaction> batch;
  const auto flush = [&]() -> Result<void> {
    if (!batch.empty()) TRY(config_.store->commit(batch));
    batch.clear();
    return {};
  };
  for (const Id& stream : streams) {
    const std::vector<store::LedgerEvent> stored = TRY(config_.store->load_stream(stream));
    std::vector<std::string_view> bytes;
    for (const store::LedgerEvent& event : stored) bytes.push_back(event.bytes);
    const std::vector<kernel::Event> events = TRY(kernel::decode_all(bytes));
    store::Transaction transaction;
    if (std::holds_alternative<kernel::RegisterEntryPut>(events.front().body)) {
      std::map<std::pair<std::string, std::string>, kernel::Entry> entries;
      for (const kernel::Event& event : events) {
        const auto& put = std::get<kernel::RegisterEntryPut>(event.body);
        kernel::apply(entries[{put.reg, put.entry}], put);
      }
      for (const auto& [key, entry] : entries) {
        transaction.views.registers.push_back(
            {key.first, key.second, static_cast<uint32_t>(entry.revisions.size()), kernel::encode_entry(entry)});
      }
    } else {
      const kernel::CaseState state = kernel::fold(events);
      const pack::Pack* pack = pack_by_key(state.pack);
      if (!pack)
        return fail(Trouble::unavailable,
                    "The pack edition " + state.pack + " is not loaded; the views cannot be rebuilt without it.");
      transaction.views = project(nullptr, state, projection(*pack, *registers));
    }
    batch.push_back(std::move(transaction));
    if (batch.size() >= config_.max_batch) TRY(flush());
  }
  return flush();
}

}  // namespace tongban::engine
