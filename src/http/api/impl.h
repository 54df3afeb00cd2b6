// What the handlers of the API share. Private to http/api.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "facility/accounts/phone_codes.h"
#include "facility/board/board.h"
#include "http/api/api.h"
#include "http/api/call.h"
#include "http/api/handles.h"
#include "http/api/presence.h"
#include "http/api/streams.h"
#include "http/rate_limit.h"

namespace tongban::http {

// A named schema of the description (openapi.cc).
inline json::object schema_of(std::string_view name) { return {{"$ref", "#/components/schemas/" + std::string(name)}}; }

struct Api::Impl {
  Impl(ApiParts parts, ApiOptions options);

  ApiParts parts;
  ApiOptions options;
  std::vector<Route> routes;
  RateLimiter strangers{{.burst = 30, .per_minute = 30}, 100'000};    // by address: what anybody may do
  RateLimiter sign_ins{{.burst = 10, .per_minute = 10}, 100'000};     // by address
  RateLimiter accounts{{.burst = 600, .per_minute = 1200}, 100'000};  // by account or caller
  facility::PhoneCodes phone_codes;
  Presence presence;
  Handles handles;  // of similar cases, for strangers
  EventStreams streams;
  facility::Board board;  // counts of lists
  std::function<ServerStats()> server_stats;
  std::string openapi_text;
  WorkerPool pictures{1, 32};  // one picture at a time: each takes much memory; the last to be made, the first to end

  // --- the tables (case_routes.cc, admin_routes.cc) ---
  void add_case_routes();
  void add_admin_routes();
  void add_portal_routes();    // portal_routes.cc
  void add_document_routes();  // document_routes.cc
  void add_desk_routes();      // desk_routes.cc; after the cases' routes, whose filters it takes
  void add_pack_routes();      // pack_routes.cc
  void add_list_routes();      // list_routes.cc
  void add(Route route);
  auto bind(void (*handler)(Impl&, const CallPtr&)) {
    return [this, handler](CallPtr call) { handler(*this, call); };
  }
  json::object describe() const;  // openapi.cc

  // --- on the way (api.cc) ---
  void handle(Request&& request, Responder responder);
  const Route* find_route(const Request& request, std::vector<std::pair<std::string_view, std::string>>& parameters,
                          bool& other_method) const;
  // The secret of the session from the Authorization field or a cookie; "" when there is none.
  static std::string secret_of(const Request& request, bool& by_cookie);
  // Whether the session extends to the case at all: that of a caller to her one case, that of a telephone to its cases.
  bool covers(const facility::Session& session, const Id& case_id) const;
  // Whether a request that changes something by cookie shows that it comes from our page.
  static bool is_confirmed(const Request& request, const facility::Session& session);
  bool admit(Call& call);  // session, access, rate, CSRF; answers when it refuses
  // Whether each query parameter is one that the table names, and stands there once; answers 400 when not.
  static bool knows_query(Call& call);
  void run(CallPtr call);
  BodyPlan plan_body(const Request& head);

  // --- helpers for handlers ---
  // The JSON object of the body; answers 400/415 and returns nothing when it is none.
  std::optional<json::object> body_of(Call& call);
  // The purpose in X-Purpose, "" without one; answers 400 and returns nothing when it is none.
  std::optional<std::string> purpose_of(Call& call);
  // Records that the actor read personal data of the case, before it is given.
  Result<void> record_reading(const Call& call, const Id& case_id, const std::string& purpose, const std::string& what);
  // The case named by {id} (uuid or number), if the caller may see it; else answers 404.
  std::shared_ptr<const kernel::CaseState> visible_case(Call& call, const kernel::Registers& registers);
  // The case that an act's form names by number or id, if the caller may see it; null else.
  std::shared_ptr<const kernel::CaseState> other_case(const Call& call, const pack::Action& action,
                                                      const json::object& form,
                                                      const kernel::Registers& registers) const;
  // The case that the handle in the body's `join` stands for; nothing: there is no such member. Takes it out of the
  // body; answers 422 and returns a nil id when it is old.
  std::optional<Id> joined_case(Call& call, json::object& body);
  bool may_see(const kernel::Actor& actor, const kernel::CaseState& state, const kernel::Registers& registers,
               Instant now) const;
  // Answers with a small picture of a photograph of the case; what may be seen the caller has made sure of.
  void give_thumbnail(const CallPtr& call, const kernel::CaseState& state, const Id& document);
  std::optional<uint64_t> matched_version(Call& call);  // from If-Match; answers 428/400 when it is missing or bad
  void submit(CallPtr call, engine::Request request, int status,
              std::function<json::object(const engine::Accepted&)> render);
  Result<void> keep(std::vector<store::Record> put, std::vector<std::pair<std::string, std::string>> removed,
                    std::vector<store::AuditRow> audit = {});
};

std::string percent_decoded(std::string_view text);
// The filters of a list of cases (case_routes.cc); answers and returns nothing when one is wrong or not the caller's.
std::optional<store::CaseQuery> case_query_of(Call& call, const kernel::Registers& registers);

// The lists that a person may see: of her units, her positions, her own.
std::set<std::string> holders_of(const kernel::Registers& registers, const std::string& person, Date day);
// The filters of lists of cases (case_routes.cc), for the table of each route that takes them.
std::vector<QueryParameter> list_filters();

}  // namespace tongban::http
