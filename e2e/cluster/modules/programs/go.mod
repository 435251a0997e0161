module kubesvc/e2e/cluster/modules/programs

go 1.26.0
