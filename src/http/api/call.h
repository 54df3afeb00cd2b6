// One API call on its way: the request, who asks, and how it is answered. Private to http/api.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "engine/engine.h"
#include "facility/accounts/accounts.h"
#include "http/message.h"
#include "http/server.h"

namespace tongban::http {

struct Route;

struct Call {
  Request request;
  Responder responder;
  const Route* route = nullptr;
  std::vector<std::pair<std::string_view, std::string>> parameters;  // of the path
  std::optional<facility::Session> session;
  std::string secret;  // of the session
  Instant now;

  const std::string& parameter(std::string_view name) const;
  kernel::Actor actor() const;
  std::string actor_key() const;  // "person:…", "caller:…", "anyone": who owns an idempotency key, who read
  void answer(Response response);
  void answer_json(int status, const json::value& body);
  void answer_json(int status, const json::object& body);
  void refuse(int status, std::string_view code, std::string_view title, std::string_view detail);
  void refuse(const kernel::Rejection& rejection);
  void refuse(const Error& error);
};
using CallPtr = std::shared_ptr<Call>;

// Who may call a route. What a person may do to a case is the kernel's decision, not this one.
enum class Access { anyone, caller_or_staff, staff, administrator };

// Where the handler runs: at once on the I/O thread (it must only read memory or hand over to the engine), or on the
// worker pool (reads the store, hashes passwords).
enum class Place { inline_, worker };

// A query parameter, also for the description.
struct QueryParameter {
  std::string_view name, type, description;
};

// One row of the table that routes, and from which the OpenAPI document is made.
struct Route {
  Method method = Method::get;
  std::string path;       // "/api/v1/cases/{id}"
  std::string operation;  // operationId
  std::string summary;
  std::string tag;
  Access access = Access::anyone;
  Place place = Place::worker;
  std::function<void(CallPtr)> handle;
  std::vector<QueryParameter> query;
  json::value body;                             // JSON Schema of the request body; null: none
  json::value result;                           // JSON Schema of the answer; null: none
  int status = 200;                             // of success
  std::string media_type = "application/json";  // of the answer
  bool needs_match = false;                     // If-Match is required
  bool takes_key = false;                       // Idempotency-Key is honoured
  bool upload = false;                          // the body is streamed
  std::vector<int> refusals;                    // statuses it may answer besides those of its access
  std::vector<std::string> parts;               // of the path between the slashes; made by Impl::add
};

json::object problem_object(int status, std::string_view code, std::string_view title, std::string_view detail,
                            const Id& request);
Response json_response(int status, const json::value& body);
Response json_response(int status, const json::object& body);  // without a copy
int status_of(kernel::RejectionCode code);
int status_of(Trouble trouble);

}  // namespace tongban::http
