# FEEL and DMN as a library of their own: find_package(tongban), link tongban::dmn (docs/library.md, examples/rules).
#   cmake --install build/release --component library --prefix /usr/local
# What is installed are the folders base, feel and dmn: no pack, no store, no server.
include(CMakePackageConfigHelpers)

foreach(folder base feel dmn)
  set_target_properties(tongban_${folder} PROPERTIES EXPORT_NAME ${folder})
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/src/${folder} DESTINATION include/tongban COMPONENT library
    FILES_MATCHING PATTERN "*.h" PATTERN "*_test.h" EXCLUDE PATTERN "test_support*" EXCLUDE)
endforeach()
install(TARGETS tongban_base tongban_feel tongban_dmn EXPORT tongban ARCHIVE DESTINATION lib COMPONENT library)
install(EXPORT tongban NAMESPACE tongban:: FILE tongban-targets.cmake DESTINATION lib/cmake/tongban COMPONENT library)
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/tongban-config.cmake.in
  ${CMAKE_BINARY_DIR}/tongban-config.cmake INSTALL_DESTINATION lib/cmake/tongban)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/tongban-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/tongban-config.cmake ${CMAKE_BINARY_DIR}/tongban-config-version.cmake
  DESTINATION lib/cmake/tongban COMPONENT library)
