// How a command line reaches a running server: a unix socket in the data folder, readable by its owner only. The
// command line sends its words and its folder as one JSON line; the server carries the command out on its own opened
// stores and sends back what it prints and its exit code, line by line:
//   → {"words": ["user","list"], "directory": "/home/me", "terminal": true}
//   ← {"out": "…"} | {"err": "…"} | {"exit": 0}
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/shell.h"
#include "base/result.h"

namespace tongban::app {

std::string control_path(const std::string& folder);

class ControlServer {
 public:
  using Run = std::function<int(const Words&, Shell&)>;
  // At most four commands at once; a fifth waits.
  static Result<std::unique_ptr<ControlServer>> start(const std::string& folder, Run run);
  ~ControlServer();  // waits for the commands that run

 private:
  ControlServer(std::string path, int descriptor, Run run);
  void accept_loop();
  void serve(int connection);
  std::string path_;
  int descriptor_;
  Run run_;
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
};

// Sends the words to the server that runs on the folder and prints what it answers. Nothing: no server is there.
std::optional<int> ask_running_server(const std::string& folder, const Words& words, Shell& shell);

}  // namespace tongban::app
