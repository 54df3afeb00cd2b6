// What the handlers of the API share. Private to http/api.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "http/api/api.h"
#include "http/api/call.h"
#include "http/api/streams.h"
#include "http/rate_limit.h"

namespace tongban::http {

struct Api::Impl {
  Impl(ApiParts parts, ApiOptions options);

  ApiParts parts;
  ApiOptions options;
  std::vector<Route> routes;
  RateLimiter strangers{{.burst = 30, .per_minute = 30}, 100'000};    // by address: what anybody may do
  RateLimiter sign_ins{{.burst = 10, .per_minute = 10}, 100'000};     // by address
  RateLimiter accounts{{.burst = 600, .per_minute = 1200}, 100'000};  // by account or caller
  EventStreams streams;
  std::function<ServerStats()> server_stats;
  std::string openapi_text;

  // --- the tables (case_routes.cc, admin_routes.cc) ---
  void add_case_routes();
  void add_admin_routes();
  void add(Route route);
  json::object describe() const;  // openapi.cc

  // --- on the way (api.cc) ---
  void handle(Request&& request, Responder responder);
  const Route* find_route(const Request& request, std::vector<std::pair<std::string_view, std::string>>& parameters,
                          bool& other_method) const;
  bool admit(Call& call);  // session, access, rate, CSRF; answers when it refuses
  void run(CallPtr call);
  BodyPlan plan_body(const Request& head);

  // --- helpers for handlers ---
  // The JSON object of the body; answers 400/415 and returns nothing when it is none.
  std::optional<json::object> body_of(Call& call);
  // The case named by {id} (uuid or number), if the caller may see it; else answers 404.
  std::shared_ptr<const kernel::CaseState> visible_case(Call& call, const kernel::Registers& registers);
  bool may_see(const kernel::Actor& actor, const kernel::CaseState& state, const kernel::Registers& registers,
               Instant now) const;
  std::optional<uint64_t> matched_version(Call& call);  // from If-Match; answers 428/400 when it is missing or bad
  void submit(CallPtr call, engine::Request request, int status,
              std::function<json::object(const engine::Accepted&)> render);
  Result<void> keep(std::vector<store::Record> put, std::vector<std::pair<std::string, std::string>> removed,
                    std::vector<store::AuditRow> audit = {});
};

}  // namespace tongban::http
