#include "base/text.h"
#include "kernel/run.h"

namespace tongban::kernel {

Rejection reject(RejectionCode code, std::string sentence, std::string instead, Basis basis) {
  return {.code = code, .sentence = std::move(sentence), .instead = std::move(instead), .basis = std::move(basis)};
}

std::string name_case(const CaseState& state, const pack::CaseType& type) {
  return state.number.empty() ? type.title : type.title + " " + state.number;
}

std::string title_of_state(const pack::CaseType& type, std::string_view id) {
  const pack::State* state = type.find_state(id);
  return state ? state->title : std::string(id);
}

std::string titles_of_roles(const pack::CaseType& type, const std::vector<std::string>& ids) {
  std::vector<std::string> titles;
  for (const auto& id : ids) {
    const pack::Role* role = type.find_role(id);
    titles.push_back(role ? role->title : id);
  }
  return join(titles, "、");
}

std::string_view to_text(RejectionCode code) {
  switch (code) {
    case RejectionCode::not_found:
      return "not_found";
    case RejectionCode::changed:
      return "changed";
    case RejectionCode::wrong_state:
      return "wrong_state";
    case RejectionCode::not_allowed:
      return "not_allowed";
    case RejectionCode::invalid_form:
      return "invalid_form";
    case RejectionCode::not_decidable:
      return "not_decidable";
    case RejectionCode::requirement_failed:
      return "requirement_failed";
    case RejectionCode::no_holder:
      return "no_holder";
  }
  return "unknown";
}

}  // namespace tongban::kernel
