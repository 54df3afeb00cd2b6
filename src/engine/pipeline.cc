// The writer loop with its commit thread: while one batch goes to disk, the next is decided on the state that the first
// will leave. Nothing is answered before its own batch is durable; where a batch fails, or another writer was first,
// the one decided on it is thrown away and decided again. Timers, outbox and maintenance run with no commit under way.
#include <algorithm>

#include "engine/writer.h"

namespace tongban::engine {
namespace {

constexpr size_t kMaxRounds = 100'000;
// While more are waiting, fewer are not worth the pages and the sync that each commit takes (docs/performance.md).
constexpr size_t kWorthACommit = 12;
constexpr int64_t kIdlePollMs = 1000;  // a clock that was set forward is noticed within this time
constexpr std::chrono::milliseconds kDueWorkAtLeastEvery{200};  // also while requests keep coming

}  // namespace

void Writer::loop() {
  for (;;) {
    std::optional<Instant> next;
    {
      const std::lock_guard lock(writer_mutex_);
      for (size_t round = 0; round < kMaxRounds; ++round) {
        const Result<bool> worked = pipeline_once();
        if (!worked.ok() || !*worked) break;
      }
      next = next_work();
    }
    std::unique_lock lock(queue_mutex_);
    const int64_t wait_ms = next ? std::clamp<int64_t>(next->ms - now().ms, 1, kIdlePollMs) : kIdlePollMs;
    wake_.wait_for(lock, std::chrono::milliseconds(wait_ms), [this] {
      if (committing_) return is_commit_done() || can_take();
      return stopping_ || open_round_ || can_take();
    });
    if (stopping_ && queue_.empty() && !committing_ && !open_round_) return;
  }
}

// Does the next piece of work; false: there is none, or it waits for the commit under way.
Result<bool> Writer::pipeline_once() {
  if (!committing_ && !open_round_) TRY(check_calendar());
  const auto clock = std::chrono::steady_clock::now();
  // Requests must not starve timers and messages: when those are due, the round under way is the last before them.
  draining_ = clock >= due_work_at_ && is_work_due();
  decide_queued();
  if (committing_) {
    if (is_commit_done()) return finish_commit();
    return false;
  }
  if (open_round_) {
    start_commit();
    return true;
  }
  draining_ = false;
  due_work_at_ = clock + kDueWorkAtLeastEvery;
  return do_due_work();
}

bool Writer::is_work_due() const {
  const Instant at = now();
  const std::optional<Instant> next = next_work();
  return (next && *next <= at) || calendar_checked_on_ != local_date(at);
}

// Under queue_mutex_.
bool Writer::can_take() const {
  if (draining_ || queue_.empty()) return false;
  return (!open_round_ || open_round_->tasks.size() < config_.max_batch) && !must_wait(queue_.front());
}

// Requests that rest on more than the states, numbers and persons of the batch being committed.
bool Writer::must_wait(const Task& task) const {
  if (!committing_) return false;
  const auto* ask = std::get_if<Task::Ask>(&task.what);
  if (!ask || std::holds_alternative<Request::Erase>(ask->request.what) ||
      std::holds_alternative<Request::PutEntry>(ask->request.what)) {
    return true;
  }
  const auto& key = ask->request.idempotency;
  return key && committing_->batch.idempotency.contains({key->actor, key->key});
}

// One by one, so that the commit thread gets the next round as soon as it is free and the round is worth a commit.
void Writer::decide_queued() {
  for (;;) {
    const bool is_free = !committing_ || is_commit_done();
    if (is_free && open_round_ && open_round_->tasks.size() >= kWorthACommit) return;
    std::vector<Task> tasks;
    {
      const std::lock_guard lock(queue_mutex_);
      if (!can_take()) return;
      tasks.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    decide_again(std::move(tasks));
  }
}

// Decides tasks into the open round.
void Writer::decide_again(std::vector<Task> tasks) {
  if (!open_round_) {
    open_round_ = std::make_unique<Round>();
    open_round_->batch.under = committing_ ? &committing_->batch : nullptr;
    open_round_->batch.registers = committing_ ? committing_->batch.registers : registers();
  }
  decide_all(*open_round_, std::move(tasks));
}

void Writer::start_commit() {
  CHECK(!committing_ && open_round_);
  committing_ = std::move(open_round_);
  committing_->batch.under = nullptr;
  const std::lock_guard lock(commit_mutex_);
  commit_done_ = false;
  if (committing_->batch.steps.empty()) {
    committing_->result = std::vector<store::Committed>();
    commit_done_ = true;
    return;
  }
  commit_asked_ = true;
  commit_wake_.notify_one();
}

bool Writer::is_commit_done() const {
  const std::lock_guard lock(commit_mutex_);
  return commit_done_;
}

// The commit is over: the next one starts first, then this one is told and answered.
Result<bool> Writer::finish_commit() {
  {
    std::unique_lock lock(commit_mutex_);
    commit_wake_.wait(lock, [this] { return commit_done_; });
    commit_done_ = false;
  }
  const std::unique_ptr<Round> done = std::move(committing_);
  const bool stands = done->result->ok() && std::none_of((*done->result)->begin(), (*done->result)->end(),
                                                         [](const store::Committed& one) { return one.conflict; });
  std::vector<Task> again;
  if (stands && open_round_) start_commit();
  const Result<void> settled = settle(*done, again);
  if (!stands && open_round_) {
    for (Task& task : open_round_->tasks) again.push_back(std::move(task));
    open_round_.reset();
  }
  if (!again.empty()) decide_again(std::move(again));
  TRY(settled);
  if (asks_next_wake_ || (new_wake_ && look_again_at_)) TRY(refresh_wake());
  if (new_wake_ && (!next_wake_ || *new_wake_ < *next_wake_)) next_wake_ = new_wake_;
  new_wake_.reset();
  return true;
}

// For whoever holds writer_mutex_ and is about to use the store: nothing is under way afterwards.
void Writer::wait_for_commit() {
  while (committing_ || open_round_) {
    if (!committing_) start_commit();
    (void)finish_commit().ok();  // its requests have been told
  }
}

void Writer::commit_loop() {
  std::unique_lock lock(commit_mutex_);
  for (;;) {
    commit_wake_.wait(lock, [this] { return commit_asked_ || commit_stopping_; });
    if (!commit_asked_) return;
    commit_asked_ = false;
    Round& round = *committing_;
    lock.unlock();
    round.result = store_steps(round.batch);
    lock.lock();
    commit_done_ = true;
    commit_wake_.notify_all();
    lock.unlock();
    {
      const std::lock_guard queue_lock(queue_mutex_);  // so that the writer does not miss it between look and wait
      wake_.notify_one();
    }
    lock.lock();
  }
}

}  // namespace tongban::engine
