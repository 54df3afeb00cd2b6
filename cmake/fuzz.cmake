# Included by project() when ./dev fuzz configures (CMAKE_PROJECT_tongban_INCLUDE): everything is built for coverage by
# libFuzzer with address and undefined-behaviour sanitizers, and each tests/fuzz/NAME_fuzz.cc becomes a program. Only
# clang has libFuzzer; warnings of a second compiler are not errors, because g++ is the one that the build answers to.
add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -Wno-everything
                    -D_GLIBCXX_ASSERTIONS)
add_link_options(-fsanitize=address,undefined)

function(tongban_fuzz_targets)
  # Behind the options of the build itself, which come after those above.
  get_property(targets DIRECTORY PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(type ${target} TYPE)
    if(type MATCHES "LIBRARY|EXECUTABLE" AND NOT type STREQUAL INTERFACE_LIBRARY)
      target_compile_options(${target} PRIVATE -Wno-everything)
    endif()
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/*_fuzz.cc)
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} EXCLUDE_FROM_ALL ${source})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    # Each target names what it links by the folders it includes, or the few sources that it needs of a large folder.
    file(STRINGS ${source} lines REGEX "^// Sources: ")
    if(lines)
      string(REGEX REPLACE "^// Sources: " "" parts "${lines}")
      separate_arguments(parts)
      list(TRANSFORM parts PREPEND ${CMAKE_SOURCE_DIR}/src/)
      target_sources(${name} PRIVATE ${parts})
      target_link_libraries(${name} PRIVATE tongban_base)
      continue()
    endif()
    file(STRINGS ${source} lines REGEX "^#include \"[a-z]+/")
    foreach(line ${lines})
      string(REGEX REPLACE "^#include \"([a-z]+)/.*" "\\1" folder "${line}")
      target_link_libraries(${name} PRIVATE tongban_${folder})
    endforeach()
  endforeach()
endfunction()
cmake_language(DEFER CALL tongban_fuzz_targets)
