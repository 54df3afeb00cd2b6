#include "app/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <streambuf>

#include "base/json.h"

namespace tongban::app {
namespace {

constexpr size_t kMostRequestBytes = 256 * 1024;
constexpr int kThreads = 4;
constexpr int kRequestSeconds = 10;

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

// The other side sends nothing after its words, so what can be read is its end.
bool is_gone(int socket) {
  char byte = 0;
  const ssize_t count = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

// What is printed goes to the other side in pieces; each is a JSON line. UTF-8 characters are kept whole.
class PieceBuffer : public std::streambuf {
 public:
  PieceBuffer(int socket, std::string_view name) : socket_(socket), name_(name) {}
  ~PieceBuffer() override { flush(true); }

 protected:
  int_type overflow(int_type c) override {
    if (c != traits_type::eof()) {
      waiting_ += static_cast<char>(c);
      if (c == '\n' || c == '\r' || waiting_.size() > 4096) flush(false);
    }
    return c;
  }
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    waiting_.append(text, static_cast<size_t>(count));
    if (waiting_.find_first_of("\r\n") != std::string::npos || waiting_.size() > 4096) flush(false);
    return count;
  }
  int sync() override {
    flush(true);
    return 0;
  }

 private:
  void flush(bool all) {
    size_t end = waiting_.size();
    if (!all) {  // an unfinished character waits
      size_t back = end;
      while (back > 0 && end - back < 4 && (static_cast<unsigned char>(waiting_[back - 1]) & 0xC0) == 0x80) --back;
      if (back > 0 && static_cast<unsigned char>(waiting_[back - 1]) >= 0xC0) {
        const auto lead = static_cast<unsigned char>(waiting_[back - 1]);
        const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
        if (end - (back - 1) < length) end = back - 1;
      }
    }
    if (end == 0) return;
    send_all(socket_, to_json_text(json::object{{name_, std::string_view(waiting_).substr(0, end)}}) + "\n");
    waiting_.erase(0, end);
  }
  int socket_;
  std::string name_, waiting_;
};

// One line, or "" when the other side is slow, gone or too long.
std::string read_line(int socket, std::string& buffer, bool patient) {
  for (;;) {
    if (const size_t end = buffer.find('\n'); end != std::string::npos) {
      std::string line = buffer.substr(0, end);
      buffer.erase(0, end + 1);
      return line;
    }
    if (!patient) {
      if (buffer.size() > kMostRequestBytes) return {};
      pollfd waiting{socket, POLLIN, 0};
      if (poll(&waiting, 1, kRequestSeconds * 1000) <= 0) return {};
    }
    char bytes[16384];
    const ssize_t count = recv(socket, bytes, sizeof bytes, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return {};
    buffer.append(bytes, static_cast<size_t>(count));
  }
}

// The address of the socket in a folder. The path of a socket has a small bound; a long one goes through the open
// folder, which is why this lives until bind or connect is done.
class Address {
 public:
  explicit Address(const std::string& folder) {
    address_.sun_family = AF_UNIX;
    std::string path = control_path(folder);
    if (path.size() >= sizeof address_.sun_path) {
      folder_ = open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
      path = control_path("/proc/self/fd/" + std::to_string(folder_));
    }
    std::memcpy(address_.sun_path, path.c_str(), path.size() + 1);
  }
  ~Address() {
    if (folder_ >= 0) close(folder_);
  }
  Address(const Address&) = delete;
  Address& operator=(const Address&) = delete;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  static constexpr socklen_t kSize = sizeof(sockaddr_un);

 private:
  sockaddr_un address_{};
  int folder_ = -1;
};

}  // namespace

std::string control_path(const std::string& folder) { return folder + "/control.sock"; }

ControlServer::ControlServer(std::string path, int descriptor, Run run)
    : path_(std::move(path)), descriptor_(descriptor), run_(std::move(run)) {
  for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this] { accept_loop(); });
}

Result<std::unique_ptr<ControlServer>> ControlServer::start(const std::string& folder, Run run) {
  const std::string path = control_path(folder);
  const Address address(folder);
  unlink(path.c_str());  // of a process that died: the folder's lock is ours
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const mode_t before = umask(0177);
  const bool bound = descriptor >= 0 && bind(descriptor, address.get(), Address::kSize) == 0;
  const int why = errno;
  umask(before);
  if (!bound || listen(descriptor, 16) != 0) {
    if (descriptor >= 0) close(descriptor);
    return fail(Trouble::io,
                "The control socket " + path + " cannot be opened: " + std::strerror(bound ? errno : why) + ".");
  }
  return std::unique_ptr<ControlServer>(new ControlServer(path, descriptor, std::move(run)));
}

ControlServer::~ControlServer() {
  stopping_ = true;
  for (std::thread& thread : threads_) thread.join();
  close(descriptor_);
  unlink(path_.c_str());
}

void ControlServer::accept_loop() {
  while (!stopping_) {
    pollfd waiting{descriptor_, POLLIN, 0};
    if (poll(&waiting, 1, 200) <= 0) continue;
    const int connection = accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;  // another thread took it
    serve(connection);
    close(connection);
  }
}

void ControlServer::serve(int connection) {
  std::string buffer;
  const Result<json::value> request = parse_json(read_line(connection, buffer, false));
  const json::object* asked = request.ok() ? request->if_object() : nullptr;
  if (!asked) return;
  Words words;
  if (const json::value* given = find_member(*asked, "words"); given && given->is_array()) {
    for (const json::value& word : given->get_array()) {
      if (word.is_string()) words.emplace_back(word.get_string());
    }
  }
  int code = kWrongUsage;
  {
    PieceBuffer out_buffer(connection, "out"), err_buffer(connection, "err");
    std::ostream out(&out_buffer), err(&err_buffer);
    const json::value* terminal = find_member(*asked, "terminal");
    Shell shell{out, err, terminal && terminal->is_bool() && terminal->get_bool(),
                std::string(text_at(*asked, "directory")),
                [this, connection] { return stopping_ || is_gone(connection); }};
    code = run_(words, shell);
    out.flush();
    err.flush();
  }
  send_all(connection, to_json_text(json::object{{"exit", code}}) + "\n");
}

std::optional<int> ask_running_server(const std::string& folder, const Words& words, Shell& shell) {
  const Address address(folder);
  const int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0) return std::nullopt;
  if (connect(connection, address.get(), Address::kSize) != 0) {
    close(connection);
    return std::nullopt;
  }
  json::array given;
  for (const std::string& word : words) given.emplace_back(word);
  send_all(connection,
           to_json_text(json::object{{"words", given}, {"directory", shell.directory}, {"terminal", shell.terminal}}) +
               "\n");
  std::string buffer;
  for (;;) {
    const std::string line = read_line(connection, buffer, true);
    const Result<json::value> piece = parse_json(line);
    const json::object* said = piece.ok() ? piece->if_object() : nullptr;
    if (!said) break;
    if (const json::value* code = find_member(*said, "exit")) {
      close(connection);
      return code->is_int64() ? static_cast<int>(code->get_int64()) : static_cast<int>(kEnvironment);
    }
    shell.out << text_at(*said, "out");
    shell.err << text_at(*said, "err");
    shell.out.flush();
    shell.err.flush();
  }
  close(connection);
  shell.err << "tongban: the running server ended before it had answered.\n";
  return kEnvironment;
}

}  // namespace tongban::app
