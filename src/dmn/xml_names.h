// Names of the XML form that reader and writer share, private to dmn.
#pragma once

#include <string_view>

#include "dmn/model.h"

namespace tongban::dmn {

inline constexpr std::string_view kNamespace15 = "https://www.omg.org/spec/DMN/20230324/MODEL/";
inline constexpr std::string_view kOwnNamespace = "urn:tongban:dmn";
inline constexpr std::string_view kClauseName = "依据";  // the annotation column that carries each row's clause

std::string_view boxed_name(Boxed::Kind kind);

}  // namespace tongban::dmn
