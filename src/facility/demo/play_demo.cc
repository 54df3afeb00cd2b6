#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "facility/demo/demo.h"
#include "facility/import/candidates.h"

namespace tongban::facility {
namespace {

using engine::Request;
using Form = std::vector<std::pair<std::string, feel::Value>>;

constexpr int64_t kMorningMs = int64_t{10} * 3600 * 1000;

struct Planned {
  Instant at;
  size_t request = 0;
  size_t step = 0;  // 0: filing; else 1 + index in the life
};

Date last_working_day(const calendar::Calendar& calendar, Date day) {
  while (!calendar.is_working_day(day)) day = day - 1;
  return day;
}

// The day of filing, or nothing where the calendar does not reach so far.
std::optional<Date> day_of_filing(const DemoRequest& request, const calendar::Calendar& calendar, Instant now) {
  // Before ten o'clock the day before is the last one on which requests were filed.
  const Date last = last_working_day(calendar, local_date(now.plus_ms(-kMorningMs)));
  const Result<Date> day = calendar.subtract_working_days(last, request.days_ago);
  return day.ok() ? std::optional(*day) : std::nullopt;
}

Instant time_of(Date day, int64_t minute_of_day) { return start_of_day(day).plus_ms(minute_of_day * 60'000); }

const feel::Value* find_in(const Form& form, std::string_view name) {
  for (const auto& [key, value] : form) {
    if (key == name) return &value;
  }
  return nullptr;
}

// "-25 minutes" → the instant so long before the step.
std::optional<Instant> relative_time(const std::string& text, Instant at) {
  constexpr std::string_view kUnit = " minutes";
  if (!text.starts_with('-') || !text.ends_with(kUnit)) return std::nullopt;
  int64_t minutes = 0;
  const char* end = text.data() + text.size() - kUnit.size();
  const auto [stop, fault] = std::from_chars(text.data() + 1, end, minutes);
  if (fault != std::errc() || stop != end) return std::nullopt;
  return at.plus_ms(-minutes * 60'000);
}

// A form with $names and relative times put in; a $name that the request does not have leaves its field out.
Form resolve(const Form& written, const DemoRequest& request, Instant at) {
  Form form;
  for (const auto& [name, value] : written) {
    if (value.kind() != feel::Value::Kind::text) {
      form.emplace_back(name, value);
    } else if (value.as_text().starts_with('$')) {
      if (const feel::Value* text = find_in(request.texts, std::string_view(value.as_text()).substr(1)))
        form.emplace_back(name, *text);
    } else if (const auto before = relative_time(value.as_text(), at)) {
      form.emplace_back(name, feel::Value::text(to_text(*before)));
    } else {
      form.emplace_back(name, value);
    }
  }
  return form;
}

class Player {
 public:
  Player(engine::Engine& engine, const Demo& demo, Instant now)
      : engine_(engine), demo_(demo), now_(now), cases_(demo.requests.size()), failed_(demo.requests.size(), false) {}

  Result<DemoResult> run(const std::function<void(size_t, size_t)>& progress) {
    const std::vector<Planned> plan = make_plan();
    for (size_t i = 0; i < plan.size(); ++i) {
      if (failed_[plan[i].request]) continue;
      TRY(engine_.advance_to(plan[i].at));
      TRY(plan[i].step == 0 ? file(plan[i]) : act(plan[i]));
      if (progress) progress(i + 1, plan.size());
    }
    TRY(engine_.advance_to(now_));
    return std::move(result_);
  }

 private:
  const std::vector<DemoStep>& life_of(const DemoRequest& request) const {
    static const std::vector<DemoStep> none;
    for (const auto& [name, steps] : demo_.lives) {
      if (name == request.life) return steps;
    }
    return none;
  }

  std::vector<Planned> make_plan() const {
    const calendar::Calendar& calendar = engine_.calendar().latest();
    std::vector<Planned> plan;
    for (size_t i = 0; i < demo_.requests.size(); ++i) {
      const DemoRequest& request = demo_.requests[i];
      const std::optional<Date> day = day_of_filing(request, calendar, now_);
      if (!day || time_of(*day, request.minute_of_day) > now_) continue;
      plan.push_back({time_of(*day, request.minute_of_day), i, 0});
      const std::vector<DemoStep>& life = life_of(request);
      for (size_t s = 0; s < life.size(); ++s) {
        const Result<Date> on = calendar.add_working_days(*day, life[s].day);
        if (!on.ok()) break;
        const int64_t minute = life[s].minute_of_day ? *life[s].minute_of_day : request.minute_of_day + life[s].minutes;
        if (time_of(*on, minute) > now_) break;
        plan.push_back({time_of(*on, minute), i, s + 1});
      }
    }
    std::stable_sort(plan.begin(), plan.end(), [](const Planned& a, const Planned& b) { return a.at < b.at; });
    return plan;
  }

  Result<void> file(const Planned& planned) {
    const DemoRequest& request = demo_.requests[planned.request];
    const auto pack = engine_.packs().find(demo_.pack);
    const pack::CaseType* type = pack ? pack->find_case(demo_.type) : nullptr;
    if (!type)
      return fail(Trouble::not_found, "The demo is for " + demo_.pack + "/" + demo_.type + ", which is not loaded.");
    Request asked;
    asked.what = Request::Open{
        .pack = demo_.pack, .type = demo_.type, .channel = request.channel, .link_kind = {}, .link_other = {}};
    asked.form = resolve(request.form, request, planned.at);
    asked.actor.kind = kernel::Actor::Kind::anyone;
    if (request.channel == "phone") {  // an agent types the call
      const auto who = candidates(type->open, *type, nullptr, *engine_.registers(), local_date(planned.at));
      if (!who.empty()) asked.actor = who.front();
    }
    const engine::Reply reply = engine_.ask(std::move(asked));
    if (const Error* error = std::get_if<Error>(&reply.result)) return *error;
    if (const auto* why = std::get_if<kernel::Rejection>(&reply.result)) return refuse(planned, "open", *why);
    const auto& accepted = std::get<engine::Accepted>(reply.result);
    cases_[planned.request] = accepted.case_id;
    if (request.life == demo_.story && !result_.story) result_.story = accepted.case_id;
    ++result_.opened;
    return {};
  }

  // `$number of 标题`: the number of the demo request with that title, filed before.
  void name_other(const Form& written, Form& form) const {
    constexpr std::string_view mark = "$number of ";
    for (const auto& [name, value] : written) {
      if (value.kind() != feel::Value::Kind::text || !value.as_text().starts_with(mark)) continue;
      const feel::Value title = feel::Value::text(value.as_text().substr(mark.size()));
      for (size_t i = 0; i < demo_.requests.size(); ++i) {
        const feel::Value* own = find_in(demo_.requests[i].form, "title");
        const auto other = own && *own == title ? engine_.load(cases_[i]) : nullptr;
        if (other) form.emplace_back(name, feel::Value::text(other->number));
      }
    }
  }

  Result<void> act(const Planned& planned) {
    const DemoRequest& request = demo_.requests[planned.request];
    const DemoStep& step = life_of(request)[planned.step - 1];
    std::shared_ptr<const kernel::CaseState> state = engine_.load(cases_[planned.request]);
    if (state && !step.on.empty()) state = linked_case(*state, step.on);
    const pack::Pack* pack = state ? engine_.pack_of(*state) : nullptr;
    const pack::CaseType* type = pack ? pack->find_case(state->type) : nullptr;
    const pack::Action* action = type ? type->find_action(step.does) : nullptr;
    if (!action) return refuse(planned, step.does, {.sentence = "no such case or action"});
    const auto registers = engine_.registers();
    std::vector<kernel::Actor> who = candidates(*action, *type, state.get(), *registers, local_date(planned.at));
    if (step.who == "caller") who = {{kernel::Actor::Kind::caller, {}, {}}};
    if (who.empty()) return refuse(planned, step.does, {.sentence = "nobody has the right"});
    kernel::Rejection first;
    for (size_t i = 0; i < who.size(); ++i) {
      Request asked;
      asked.actor = who[i];
      asked.case_id = state->id;
      asked.what = Request::Act{.action = step.does};
      asked.form = resolve(step.with_accept ? request.accept : step.with, request, planned.at);
      name_other(step.with, asked.form);
      take_suggestions(*action, *state, who[i], engine_.context_of(*state, planned.at, *registers), planned.at,
                       asked.form);
      const engine::Reply reply = engine_.ask(std::move(asked));
      if (const Error* error = std::get_if<Error>(&reply.result)) return *error;
      if (const auto* why = std::get_if<kernel::Rejection>(&reply.result)) {
        if (i == 0) first = *why;
        if (why->code == kernel::RejectionCode::not_allowed || why->code == kernel::RejectionCode::not_found) continue;
        return refuse(planned, step.does, *why);
      }
      ++result_.acts;
      if (!who[i].person.empty() &&
          std::find(result_.people.begin(), result_.people.end(), who[i].person) == result_.people.end()) {
        result_.people.push_back(who[i].person);
      }
      return {};
    }
    return refuse(planned, step.does, first);
  }

  std::shared_ptr<const kernel::CaseState> linked_case(const kernel::CaseState& state, const std::string& kind) const {
    for (const kernel::LinkState& link : state.links) {
      if (link.kind == kind) return engine_.load(link.other);
    }
    return nullptr;
  }

  Result<void> refuse(const Planned& planned, const std::string& does, const kernel::Rejection& why) {
    failed_[planned.request] = true;
    const DemoRequest& request = demo_.requests[planned.request];
    const feel::Value* title = find_in(request.form, "title");
    std::string sentence =
        (title ? title->to_plain_text() : request.life) + ": " + does + ": " + why.sentence + why.instead;
    for (const kernel::FieldFault& fault : why.fields) sentence += " [" + fault.field + ": " + fault.sentence + "]";
    for (const kernel::FailedCondition& failed : why.conditions) sentence += " [" + failed.sentence + "]";
    result_.refused.push_back(std::move(sentence));
    return {};
  }

  engine::Engine& engine_;
  const Demo& demo_;
  const Instant now_;
  std::vector<Id> cases_;
  std::vector<bool> failed_;
  DemoResult result_;
};

}  // namespace

Instant first_filing(const Demo& demo, const calendar::Calendar& calendar, Instant now) {
  Instant first = now;
  for (const DemoRequest& request : demo.requests) {
    if (const auto day = day_of_filing(request, calendar, now))
      first = std::min(first, time_of(*day, request.minute_of_day));
  }
  return first;
}

Result<DemoResult> play_demo(engine::Engine& engine, const Demo& demo, Instant now,
                             const std::function<void(size_t, size_t)>& progress) {
  return Player(engine, demo, now).run(progress);
}

}  // namespace tongban::facility
