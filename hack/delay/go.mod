module edgeloom.dev/hack/delay

go 1.26.7
