// A fixed number of threads behind a bounded queue, for handlers that read the database or compute: the I/O thread
// posts, a worker runs, the Responder answers. When the queue is full the caller refuses (busy_response), so that an
// overload is seen at once and memory stays bounded. No more tasks run at once than there are cores for, because the
// queue is fair and a core shared by several threads is not; who waits for something else (Waiting) lends its place.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

namespace tongban::http {

class WorkerPool {
 public:
  using Task = std::function<void()>;
  // `on_trouble` (optional, any thread) is told what a task threw: a bug, but no reason to stop serving.
  // `at_once` tasks run at a time; 0: as many as there are threads.
  WorkerPool(size_t threads, size_t max_queued, std::function<void(std::string_view)> on_trouble = {},
             size_t at_once = 0);
  WorkerPool(const WorkerPool&) = delete;
  ~WorkerPool();  // as stop()

  // False, and the task untouched, when the queue is full or the pool is stopping. Any thread.
  bool try_post(Task&& task);
  // For continuations of work that is bounded elsewhere (a piece of a streamed body): no bound here. False only when
  // the pool has stopped.
  bool post_continuation(Task&& task);
  size_t queued() const;
  // While it lives the calling task waits (for a commit) and another may run in its place. Whoever is no task of the
  // pool only lets one more run.
  class Waiting {
   public:
    explicit Waiting(WorkerPool& pool);
    Waiting(const Waiting&) = delete;
    ~Waiting();

   private:
    WorkerPool& pool_;
  };
  // Runs what is queued, then joins the threads. Not from a worker.
  void stop();

 private:
  bool post(Task&& task, size_t bound);
  void run();

  const size_t max_queued_;
  const int64_t at_once_;
  const std::function<void(std::string_view)> on_trouble_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> queue_;
  size_t sleeping_ = 0;
  int64_t running_ = 0;  // tasks that run and do not wait
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tongban::http
