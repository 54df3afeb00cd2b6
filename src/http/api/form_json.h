// Case types and forms as pages need them: every field in order with its titles in both languages, its kind, its
// choices and what to say when it is not right, so that a page can draw any pack's form without knowing the pack. The
// sentences are those of the kernel's check, so that page and server say the same. Private to http/api.
#pragma once

#include "base/json.h"
#include "pack/model.h"

namespace tongban::http {

// The JSON Schema of an action's form, for programs and for the description of the API.
json::object form_schema(const pack::Action& action, bool for_staff = true);

// {"id", "title", "title_en"}; an English title that the pack does not give is "".
json::object titled(std::string_view id, std::string_view title, std::string_view title_en);

json::object type_json(const pack::Pack& pack, const pack::CaseType& type, bool for_staff);

// The columns of a register as its pack names them: {"id", "kind", "list", "title", "title_en", "register"?,
// "options"?}.
json::array columns_json(const pack::RegisterType& type);

}  // namespace tongban::http
