// The writer behind Engine: the queue, one batch after the other, what follows after a commit, and the snapshots that
// readers share. Private to engine.
//
// Locks: queue_mutex_ guards the queue; shared_mutex_ guards what readers see (snapshots, status, listeners); the rest
// belongs to whoever holds writer_mutex_ (the writer thread, or the caller of pump where no thread runs).
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "engine/case_cache.h"
#include "engine/engine.h"
#include "engine/outbox.h"
#include "engine/projection.h"

namespace tongban::engine {

using StatePtr = std::shared_ptr<const kernel::CaseState>;

// One piece of work of a batch.
struct Task {
  struct Ask {
    Request request;
    Render render;
    Answer answer;
  };
  struct Timer {
    Id case_id;
    uint32_t clock = 0;
  };
  struct React {
    store::OutboxRow row;
  };
  struct Recompute {
    Id case_id;
    uint32_t clock = 0;
  };
  struct Seed {
    std::string reg;
    std::vector<const pack::RegisterEntry*> rows;
    pack::Basis basis;
  };
  std::variant<Ask, Timer, React, Recompute, Seed> what;
  Instant received_at;
  int attempts = 0;
};

// One transaction of a batch, with what is told after it is on disk.
struct Step {
  store::Transaction transaction;
  std::vector<StatePtr> before, after;  // of each case stream it appends to, same order
  std::optional<Accepted> accepted;     // of the step that answers its task
  std::vector<Change> changes;
};

// What came of a task: an answer at once, the answer of a step, or the stored answer of an earlier task in this batch.
struct Decision {
  std::optional<Reply> reply;
  std::optional<size_t> step, duplicate_of;
  std::vector<Id> read;  // streams on which the answer rests
};

// What the tasks of one batch see: the committed state, over it the batch that is being committed, over that the
// effects of the earlier tasks.
struct Batch {
  const Batch* under = nullptr;  // the batch being committed; where it fails, this one is thrown away
  std::map<Id, StatePtr> states;
  std::shared_ptr<const kernel::Registers> registers;
  bool registers_changed = false;
  std::map<std::string, uint64_t> register_versions;
  std::map<std::string, int64_t> counters;
  std::map<Hash, Id> persons;
  std::map<std::pair<std::string, std::string>, std::pair<Hash, size_t>> idempotency;
  std::vector<Step> steps;
};

// A batch on its way: decided, then committed, then answered.
struct Round {
  Batch batch;
  std::vector<Task> tasks;
  std::vector<Decision> decisions;  // one each
  std::optional<Result<std::vector<store::Committed>>> result;
};

class Writer {
 public:
  explicit Writer(Config config);
  ~Writer();
  Result<void> load();

  void run_thread();
  void stop();
  void submit(Request request, Render render, Answer answer);
  bool has_thread() const;
  Result<size_t> pump();
  Result<void> advance_to(Instant until);
  Result<size_t> recompute_clocks(std::shared_ptr<const calendar::Editions> calendar);
  Result<void> rebuild();

  // --- reads, any thread ---
  Instant now() const;
  Result<StatePtr> find_state(const Id& case_id) const;
  std::shared_ptr<const kernel::Registers> registers() const;
  std::shared_ptr<const calendar::Editions> calendar() const;
  const Config& config() const { return config_; }
  const pack::Pack* pack_by_key(std::string_view key) const;
  std::optional<feel::Value> unseal(const Id& case_id, const Id& person, const std::string& sealed) const;
  Hash phone_hash(std::string_view phone) const;
  size_t subscribe(std::function<void(const Change&)> listener);
  void unsubscribe(size_t id);
  void set_answer_scope(std::function<std::shared_ptr<void>()> scope);
  Engine::Status status() const;
  Metrics metrics() const;

 private:
  // --- the loop (pipeline.cc) ---
  void loop();
  Result<bool> pipeline_once();
  void decide_queued();
  Result<bool> finish_commit();
  void wait_for_commit();
  bool is_work_due() const;
  bool can_take() const;
  void start_commit();
  void decide_again(std::vector<Task> tasks);
  bool must_wait(const Task& task) const;
  bool is_commit_done() const;
  void commit_loop();

  // --- batches (writer.cc) ---
  Result<size_t> pump_locked();
  Result<bool> work_once();                           // one batch of whatever is due; false: nothing to do
  Result<size_t> run_batch(std::vector<Task> tasks);  // requeues conflicts; the number of commits
  void decide_all(Round& round, std::vector<Task> tasks);
  Result<std::vector<store::Committed>> store_steps(Batch& batch);  // touches nothing but the steps
  Result<void> settle(Round& round, std::vector<Task>& again);      // publishes and answers
  Result<bool> do_due_work();                                       // outbox and timers; false: nothing is due
  void publish(Batch& batch, const std::vector<store::Committed>& committed);
  void note_histories(const store::Transaction& committed);
  void note_wakes(const store::Transaction& committed);
  void note_failure(const Error& error);
  std::vector<Task> take_queue();
  Result<std::vector<Task>> due_timers_now();
  Result<std::vector<Task>> due_outbox_now(size_t& finished);
  Result<bool> is_cancelled(const Message& message) const;
  Result<store::Transaction> finish_message(const store::OutboxRow& row, uint64_t& delivered_count);
  Result<store::Transaction> finish_erasure(const store::OutboxRow& row);
  Result<void> check_calendar();
  Result<size_t> recompute_between(Date from, Date to);
  Result<void> refresh_wake();
  std::optional<Instant> next_work() const;
  Result<void> rebuild_views();  // with writer_mutex_; marked in the store until it is whole
  Result<void> derive_views();
  Result<void> load_registers_view();
  Result<void> seed_registers();

  // --- deciding (decide_task.cc) ---
  Result<Decision> decide_task(Batch& batch, Task& task);
  Result<Decision> decide_ask(Batch& batch, Task& task);
  Result<Decision> decide_known_key(Batch& batch, const Request& request, bool look_up);
  Result<Decision> decide_new_ask(Batch& batch, Task& task);
  Result<Decision> decide_open(Batch& batch, Task::Ask& ask, Instant received_at);
  Result<Decision> decide_on_case(Batch& batch, Task::Ask& ask, Instant received_at);
  Result<Decision> decide_erase(Batch& batch, Task::Ask& ask, const StatePtr& state, kernel::Command command);
  Result<Decision> decide_put_entry(Batch& batch, Task::Ask& ask, Instant received_at);
  Result<Decision> decide_timer(Batch& batch, const Task::Timer& timer, Instant at);
  Result<Decision> decide_reaction(Batch& batch, const Task::React& react, Instant at);
  Result<Decision> decide_recompute(Batch& batch, const Task::Recompute& recompute, Instant at);
  Result<Decision> decide_seed(Batch& batch, const Task::Seed& seed, Instant at);

  struct Opening {  // what open needs from a request or a reaction
    kernel::Actor actor;
    std::string pack, type, channel;
    std::vector<std::pair<std::string, feel::Value>> form;
    std::vector<kernel::OpenCase::Link> links;
    std::optional<Id> other;  // the case that the opening joins
    Instant received_at;
    std::optional<Instant> happened_at;
    std::optional<Id> cause;
    bool imported = false;
    uint32_t depth = 0;
  };
  struct Opened {
    std::variant<kernel::Rejection, Step> result;
    std::string tracking_code;
    std::vector<kernel::Event> events;
  };
  Result<Opened> open_case(Batch& batch, const Opening& opening);
  void take_over_party(const kernel::CaseState& cause, Opening& opening) const;
  // The other ends of the links that the command made or ended, in the same transaction. On failure the batch is as it
  // was before the step, which must not be pushed.
  Result<void> link_back(Batch& batch, Step& step, const std::vector<kernel::Event>& events,
                         const kernel::Command& command);
  Result<void> write_other_ends(Batch& batch, Step& step, const std::vector<kernel::Event>& events,
                                const kernel::Command& command);
  // The case that the act names by its form, when it is there for the actor; null else. A caller shows the right to the
  // case of the request: another one is there for her when it is the same person's.
  Result<StatePtr> other_of(Batch& batch, const pack::Action& action, const Request& request, Instant at) const;

  kernel::Rejection case_not_found(const Batch& batch) const;
  Result<StatePtr> state_of(Batch& batch, const Id& id) const;
  Result<void> fire_due(Batch& batch, const Id& case_id, Instant at, Instant received_at, bool imported);
  // Fires one clock and takes the actions that it triggers. False: the clock is not due, or the kernel refused.
  Result<bool> fire(Batch& batch, const Id& case_id, uint32_t clock, Instant received_at, bool imported);
  kernel::Context context(const Batch& batch, const pack::Pack& pack, Instant at) const;
  // Adds the events of one decided command to a step: append, views, consequences.
  // The events stay in `decided`, its state does not. `phone_hash`: of the party's telephone, where it is known
  // already.
  void add_decided(Batch& batch, Step& step, const StatePtr& before, kernel::Decided& decided, uint32_t depth,
                   const pack::Pack& pack, const std::optional<Hash>& phone_hash = {});
  void add_consequences(Step& step, const kernel::Decided& decided, const StatePtr& after, uint32_t depth);
  size_t push(Batch& batch, Step step);
  Result<std::vector<kernel::FormValue>> seal_form(const std::vector<std::pair<std::string, feel::Value>>& form,
                                                   const pack::Action& action, const Id& case_id,
                                                   const std::optional<Key>& key, bool& unsealable) const;
  void complete(Step& step, Task::Ask& ask, Accepted accepted);
  ProjectionContext projection(const pack::Pack& pack, const kernel::Registers& registers) const;
  void put_entry(Batch& batch, Step& step, kernel::RegisterEntryPut put, const kernel::Envelope& like,
                 store::StreamAppend& append, bool continues);
  void fail_reaction(Step& step, const Reaction& reaction, const kernel::Rejection& rejection, Instant at) const;

  Config config_;
  Key idempotency_key_{};

  mutable std::mutex queue_mutex_;
  std::condition_variable wake_;
  std::deque<Task> queue_;
  bool stopping_ = false;
  std::thread thread_;
  std::atomic<bool> has_thread_{false};

  // The commit thread: takes `committing_` when told, gives it back with its result. The pointers belong to the writer
  // thread; what the commit thread may touch is guarded by commit_mutex_ and handed over by the two flags.
  std::thread commit_thread_;
  mutable std::mutex commit_mutex_;
  std::condition_variable commit_wake_;
  bool commit_asked_ = false, commit_done_ = false, commit_stopping_ = false;
  std::unique_ptr<Round> committing_, open_round_;
  std::chrono::steady_clock::time_point due_work_at_{};
  bool draining_ = false;  // nothing is taken until timers, outbox or the calendar had their turn

  mutable std::mutex shared_mutex_;
  std::shared_ptr<const kernel::Registers> registers_;
  std::deque<std::shared_ptr<const kernel::Registers>> former_registers_;  // so that a Context outlives a change
  std::shared_ptr<const calendar::Editions> calendar_;
  std::vector<std::shared_ptr<const calendar::Editions>> former_calendars_;
  std::optional<Instant> virtual_now_;
  std::map<size_t, std::function<void(const Change&)>> listeners_;
  size_t next_listener_ = 1;
  std::function<std::shared_ptr<void>()> answer_scope_;
  Engine::Status status_;
  Metrics metrics_;
  mutable CaseCache cache_;

  std::mutex writer_mutex_;
  std::map<std::string, int64_t> counters_;
  std::map<std::string, uint64_t> register_versions_;
  std::optional<Instant> next_wake_, next_outbox_;
  // Since next_wake_ was read: the earliest of new cases, and whether it must be read again.
  std::optional<Instant> new_wake_;
  bool asks_next_wake_ = true;
  std::set<Id> histories_;                   // cases in the middle of an import: their timers wait
  std::optional<Instant> look_again_at_;     // while only timers that wait are due
  std::optional<Instant> retry_at_;          // after a failed commit: timers and outbox wait until then
  std::set<std::pair<Id, uint32_t>> stuck_;  // clocks whose firing was refused: a fault that the status shows
  std::optional<Date> calendar_checked_on_;
};

Id register_stream(std::string_view reg);

}  // namespace tongban::engine
