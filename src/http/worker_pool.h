// A fixed number of threads behind a bounded queue, for handlers that read the database or compute: the I/O thread
// posts, a worker runs, the Responder answers. When the queue is full the caller refuses (busy_response), so that an
// overload is seen at once and memory stays bounded.
#pragma once

#include <condition_variable>
#include <cstddef>
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
  WorkerPool(size_t threads, size_t max_queued, std::function<void(std::string_view)> on_trouble = {});
  WorkerPool(const WorkerPool&) = delete;
  ~WorkerPool();  // as stop()

  // False, and the task untouched, when the queue is full or the pool is stopping. Any thread.
  bool try_post(Task&& task);
  // For continuations of work that is bounded elsewhere (a piece of a streamed body): no bound here. False only when
  // the pool has stopped.
  bool post_continuation(Task&& task);
  size_t queued() const;
  // Runs what is queued, then joins the threads. Not from a worker.
  void stop();

 private:
  bool post(Task&& task, size_t bound);
  void run();

  const size_t max_queued_;
  const std::function<void(std::string_view)> on_trouble_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> queue_;
  size_t sleeping_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tongban::http
