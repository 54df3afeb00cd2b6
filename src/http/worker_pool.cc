#include "http/worker_pool.h"

#include <cstdint>
#include <exception>
#include <utility>

#include "base/check.h"

namespace tongban::http {

WorkerPool::WorkerPool(size_t threads, size_t max_queued, std::function<void(std::string_view)> on_trouble,
                       size_t at_once)
    : max_queued_(max_queued),
      at_once_(static_cast<int64_t>(at_once == 0 ? threads : at_once)),
      on_trouble_(std::move(on_trouble)) {
  CHECK(threads > 0);
  threads_.reserve(threads);
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

WorkerPool::~WorkerPool() { stop(); }

bool WorkerPool::try_post(Task&& task) { return post(std::move(task), max_queued_); }

bool WorkerPool::post_continuation(Task&& task) { return post(std::move(task), SIZE_MAX); }

bool WorkerPool::post(Task&& task, size_t bound) {
  bool wake;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= bound) return false;
    queue_.push_back(std::move(task));
    wake = sleeping_ > 0 && running_ < at_once_;  // else who runs takes it next
  }
  if (wake) wake_.notify_one();
  return true;
}

size_t WorkerPool::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void WorkerPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    CHECK(thread.get_id() != std::this_thread::get_id());
    if (thread.joinable()) thread.join();
  }
}

void WorkerPool::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    while ((queue_.empty() || running_ >= at_once_) && !stopping_) {
      ++sleeping_;
      wake_.wait(lock);
      --sleeping_;
    }
    if (queue_.empty()) return;
    Task task = std::move(queue_.front());
    queue_.pop_front();
    ++running_;
    lock.unlock();
    try {
      task();
      task = nullptr;
    } catch (const std::exception& thrown) {
      if (on_trouble_) on_trouble_(thrown.what());
    } catch (...) {
      if (on_trouble_) on_trouble_("a task threw something unknown");
    }
    task = nullptr;  // what it owned (a Responder) answers now, not when the next task comes
    lock.lock();
    --running_;
  }
}

WorkerPool::Waiting::Waiting(WorkerPool& pool) : pool_(pool) {
  bool wake;
  {
    const std::lock_guard lock(pool_.mutex_);
    --pool_.running_;
    wake = pool_.sleeping_ > 0 && !pool_.queue_.empty();
  }
  if (wake) pool_.wake_.notify_one();
}

WorkerPool::Waiting::~Waiting() {
  const std::lock_guard lock(pool_.mutex_);
  ++pool_.running_;
}

}  // namespace tongban::http
