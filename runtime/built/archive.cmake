# SPDX-License-Identifier: MIT
#
# Joins the static libraries INPUTS into OUTPUT, without debug information.

set(script "CREATE ${OUTPUT}.part\n")
foreach(input ${INPUTS})
  string(APPEND script "ADDLIB ${input}\n")
endforeach()
string(APPEND script "SAVE\nEND\n")
file(WRITE ${OUTPUT}.mri "${script}")
execute_process(COMMAND ${AR} -M INPUT_FILE ${OUTPUT}.mri COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${OBJCOPY} --strip-debug ${OUTPUT}.part COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE ${OUTPUT}.mri)
file(RENAME ${OUTPUT}.part ${OUTPUT})
