// The standard headers that nearly every file needs, precompiled once for all folders. Not a heavy library among
// them but Boost.JSON, our JSON value. Do not include this file: each file names what it uses.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/json.hpp>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>
